/** The dialog in which a reader draws data: pen, undo, brush width, and Apply. */

import { readSheet, writeSheet } from "../data/keep.js";
import { beginDrawing, redo, replaceStrokes, samplePositions, undo } from "../data/strokes.js";
import { setText, watchSize } from "../plots/elements.js";
import { find } from "./dom.js";
import { createNumberField } from "./fields.js";
import { paintInk } from "./ink.js";
import { createPen } from "./pen.js";
import { tabMemory } from "./memory.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../data/strokes.js").Drawing} Drawing */
/** @typedef {import("../data/keep.js").Sheet} Sheet */
/** @typedef {import("../data/strokes.js").Point} Point */
/** @typedef {import("../data/strokes.js").Stroke} Stroke */

const MEMORY_KEY = "ganlab.drawing";
const NOTHING_DRAWN = "There is nothing to learn from yet: draw something first.";

/**
 * @param {HTMLDialogElement} dialog
 * @param {PageStore} store
 * @param {(values: {points: Point[], noise: number}) => Promise<void>} apply Rejects with what was refused.
 * @param {{signal: AbortSignal}} options
 * @returns {{open: (data: UnitConfig | null) => void, recall: () => {points: Point[], noise: number} | null}}
 *   `open` begins with a drawing's data, or goes on with the last; `recall` gives what was applied last.
 */
export function createDrawing(dialog, store, apply, { signal }) {
  const editor = new Editor(dialog, store, apply, signal);
  return { open: (data) => editor.open(data), recall: () => editor.applied };
}

class Editor {
  #dialog;
  #store;
  #apply;
  #signal;
  #canvas;
  #pen;
  /** The drawing, its brush, and what was applied last, to tell whether a run still has it. */
  #sheet = readSheet(tabMemory.recall(MEMORY_KEY));
  /** The line that is being drawn. @type {Point[] | null} */
  #line = null;
  /** Where the keys hold the pen; none while a pointer draws. @type {Point | null} */
  #cursor = null;
  /** @type {import("./fields.js").Field | null} */
  #brush = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {PageStore} store
   * @param {(values: {points: Point[], noise: number}) => Promise<void>} apply
   * @param {AbortSignal} signal
   */
  constructor(dialog, store, apply, signal) {
    this.#dialog = dialog;
    this.#store = store;
    this.#apply = apply;
    this.#signal = signal;
    this.#canvas = /** @type {HTMLCanvasElement} */ (find(dialog, "canvas"));
    this.#pen = createPen(this.#canvas, this.#listen(), { signal });
    this.#listenToButtons();
    dialog.addEventListener("close", () => this.#pen.lift(), { signal });
    for (const type of ["focus", "blur"]) this.#canvas.addEventListener(type, () => this.#paint(), { signal });
    watchSize(this.#canvas, () => this.#paint(), { signal });
    store.subscribe(["appearance"], () => this.#paint(), { signal });
  }

  /** @param {UnitConfig | null} data */
  open(data) {
    this.#buildBrush();
    const points = /** @type {Point[] | undefined} */ (data?.points);
    if (data && points) {
      const noise = Number(data.noise);
      const isKnown = JSON.stringify(points) === JSON.stringify(this.applied?.points);
      const drawing = isKnown ? this.#sheet.drawing : beginDrawing([{ kind: "dots", points }]);
      this.#keep({ drawing, noise, applied: { points, noise } });
    }
    this.#brush?.show(this.#sheet.noise);
    this.#complain("");
    this.#dialog.showModal();
    this.#canvas.focus();
    this.#show();
  }

  get applied() {
    return this.#sheet.applied;
  }

  /** @param {Partial<Sheet>} change */
  #keep(change) {
    this.#sheet = { ...this.#sheet, ...change };
    tabMemory.remember(MEMORY_KEY, writeSheet(this.#sheet));
  }

  /** The brush's field is described by the catalogue, which is there before the dialog can be opened. */
  #buildBrush() {
    const { catalog } = this.#store.get();
    const unit = catalog?.datasets.find(({ key }) => key === "drawing");
    const facts = unit?.parameters.find(({ key }) => key === "noise");
    if (this.#brush || facts?.type !== "number") return;
    this.#brush = createNumberField(facts, false, (noise) => {
      this.#keep({ noise });
      this.#paint();
    });
    find(this.#dialog, "[data-place=brush]").replaceChildren(this.#brush.element);
  }

  /** @returns {import("./pen.js").PenListener} */
  #listen() {
    return {
      down: (place, byKeys) => {
        this.#line = [place];
        this.#cursor = byKeys ? place : null;
        this.#complain("");
        this.#tell(byKeys ? `Pen down at ${describePlace(place)}.` : "");
      },
      draw: (places, byKeys) => {
        this.#line?.push(...places);
        this.#cursor = byKeys ? (places.at(-1) ?? null) : null;
        this.#tell(byKeys && this.#cursor ? `Drawing, at ${describePlace(this.#cursor)}.` : "");
      },
      up: () => {
        const points = this.#line ?? [];
        this.#line = null;
        const { drawing } = this.#sheet;
        this.#change(replaceStrokes(drawing, [...drawing.strokes, { kind: "line", points }]));
      },
      hover: (place) => {
        this.#cursor = place;
        this.#tell(`Pen up, at ${describePlace(place)}.`);
      },
    };
  }

  #listenToButtons() {
    const signal = this.#signal;
    /** @type {Record<string, () => void>} */
    const actions = {
      undo: () => this.#change(undo(this.#sheet.drawing)),
      redo: () => this.#change(redo(this.#sheet.drawing)),
      clear: () => {
        const { drawing } = this.#sheet;
        if (drawing.strokes.length > 0) this.#change(replaceStrokes(drawing, []));
      },
      apply: () => this.#send(),
    };
    for (const [name, action] of Object.entries(actions)) {
      find(this.#dialog, `[data-action=${name}]`).addEventListener(
        "click",
        () => {
          this.#pen.lift();
          action();
        },
        { signal },
      );
    }
    this.#dialog.addEventListener(
      "keydown",
      (event) => {
        if (!(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement) return;
        const key = event.key.toLowerCase();
        if (key !== "z" && key !== "y") return;
        event.preventDefault();
        this.#pen.lift();
        this.#change((key === "y" || event.shiftKey ? redo : undo)(this.#sheet.drawing));
      },
      { signal },
    );
  }

  async #send() {
    const { drawing, noise } = this.#sheet;
    const points = samplePositions(drawing.strokes);
    if (points.length === 0) return this.#complain(NOTHING_DRAWN);
    try {
      await this.#apply({ points, noise });
      this.#keep({ applied: { points, noise } });
      this.#dialog.close();
    } catch (error) {
      this.#complain(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Drawing} drawing */
  #change(drawing) {
    this.#keep({ drawing });
    this.#complain("");
    this.#show();
  }

  /** Show the drawing, and how many positions it has; buttons that would do nothing say so. */
  #show() {
    const { past, strokes, future } = this.#sheet.drawing;
    const numPositions = samplePositions(strokes).length;
    this.#tell(numPositions === 0 ? "Nothing is drawn yet." : `${numPositions.toLocaleString("en")} pen positions.`);
    const idle = { undo: past.length === 0, redo: future.length === 0, clear: strokes.length === 0 };
    for (const [name, off] of Object.entries(idle)) {
      // Not `disabled`, which would take the focus away from under a reader's finger.
      find(this.#dialog, `[data-action=${name}]`).setAttribute("aria-disabled", String(off));
    }
  }

  /** @param {string} text Nothing: the words stay. */
  #tell(text) {
    if (text) setText(find(this.#dialog, "[data-shows=drawn]"), text);
    this.#paint();
  }

  /** @param {string} problem */
  #complain(problem) {
    setText(find(this.#dialog, "[data-shows=problem]"), problem);
  }

  #paint() {
    if (!this.#dialog.open) return;
    /** @type {Stroke[]} */
    const live = this.#line ? [{ kind: "line", points: this.#line }] : [];
    const cursor = document.activeElement === this.#canvas ? this.#cursor : null;
    const { drawing, noise } = this.#sheet;
    paintInk(this.#canvas, [...drawing.strokes, ...live], noise, cursor);
  }
}

/** @param {Point} place */
function describePlace([x, y]) {
  return `${x.toFixed(2)}, ${y.toFixed(2)}`;
}
