/** The dialog that takes points from a file, from the clipboard, or typed; what it will train on is seen before. */

import { findRange, fitBox, suggestNoise } from "../data/fit.js";
import { checkSize, looksLikePoints, parsePoints, thinEvenly } from "../data/parse.js";
import { setText } from "../plots/elements.js";
import { find } from "./dom.js";
import { drawDots } from "./dots.js";
import { formatNumber } from "./numbers.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../data/strokes.js").Point} Point */
/** @typedef {{points: Point[], noise: number}} Given */

const NO_POINTS = "There are no points yet: choose a file, paste some, or type two numbers on a line.";
const MOST_DOTS = 3000;

/**
 * @param {HTMLDialogElement} dialog
 * @param {PageStore} store
 * @param {(values: Given) => Promise<void>} apply Rejects with what was refused.
 * @param {{signal: AbortSignal}} options
 * @returns {{open: (data: UnitConfig | null) => void}} `open` begins with the run's points, or goes on with the last.
 */
export function createUpload(dialog, store, apply, { signal }) {
  const upload = new Upload(dialog, apply);
  upload.listen(signal);
  store.subscribe(["appearance"], () => upload.preview(), { signal });
  return { open: (data) => upload.open(data) };
}

class Upload {
  #dialog;
  #apply;
  #text;
  #file;
  #canvas;
  /** @type {Given | null} */
  #given = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {(values: Given) => Promise<void>} apply
   */
  constructor(dialog, apply) {
    this.#dialog = dialog;
    this.#apply = apply;
    this.#text = /** @type {HTMLTextAreaElement} */ (find(dialog, "textarea"));
    this.#file = /** @type {HTMLInputElement} */ (find(dialog, "input[type=file]"));
    this.#canvas = /** @type {HTMLCanvasElement} */ (find(dialog, "canvas"));
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.#text.addEventListener("input", () => this.#read(), { signal });
    this.#file.addEventListener("change", () => this.#load(this.#file.files?.[0]), { signal });
    find(this.#dialog, "[data-action=apply]").addEventListener("click", () => this.#send(), { signal });
    document.addEventListener("paste", (event) => this.#paste(event), { signal });
    document.addEventListener("dragover", (event) => this.#allowDrop(event), { signal });
    document.addEventListener("drop", (event) => this.#drop(event), { signal });
  }

  /** @param {UnitConfig | null} data */
  open(data) {
    if (data && this.#text.value.trim() === "") {
      const points = /** @type {Point[]} */ (data.points);
      this.#text.value = points.map((point) => point.join(", ")).join("\n");
    }
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#read();
  }

  preview() {
    if (!this.#dialog.open) return;
    const { points, noise } = this.#given ?? { points: [], noise: 0.02 };
    const box = points.length > 0 ? fitBox(points, noise) : fitBox([[0, 0]], noise);
    drawDots(this.#canvas, thinEvenly(points, MOST_DOTS), box, 3);
  }

  /** @param {File | undefined} file */
  async #load(file) {
    if (!file) return;
    this.open(null);
    try {
      checkSize(file.size);
      this.#text.value = await file.text();
      this.#read();
    } catch (error) {
      this.#complain(`${file.name}: ${/** @type {Error} */ (error).message}`);
    }
    // The same file may be chosen again once it has been mended.
    this.#file.value = "";
  }

  /** Read what stands in the text, and show the points or what is wrong with them. */
  #read() {
    this.#given = null;
    let [summary, problem] = ["", ""];
    if (this.#text.value.trim() !== "") {
      try {
        const { points, given } = parsePoints(this.#text.value);
        this.#given = { points, noise: suggestNoise(points) };
        summary = describe(this.#given, given);
      } catch (error) {
        problem = /** @type {Error} */ (error).message;
      }
    }
    setText(find(this.#dialog, "[data-shows=points]"), summary);
    this.#complain(problem);
    this.preview();
  }

  async #send() {
    if (!this.#given) {
      if (this.#text.value.trim() === "") this.#complain(NO_POINTS);
      this.#text.focus();
      return;
    }
    try {
      await this.#apply(this.#given);
      this.#dialog.close();
    } catch (error) {
      this.#complain(/** @type {Error} */ (error).message);
    }
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (this.#isElsewhere() || (event.target instanceof Element && event.target.closest("input, textarea"))) return;
    const text = event.clipboardData?.getData("text") ?? "";
    const file = event.clipboardData?.files[0];
    if (!file && !this.#dialog.open && !looksLikePoints(text)) return;
    event.preventDefault();
    if (file) {
      this.#load(file);
      return;
    }
    this.#text.value = text;
    this.open(null);
  }

  /** @param {DragEvent} event */
  #allowDrop(event) {
    if (event.dataTransfer?.types.includes("Files") && !this.#isElsewhere()) event.preventDefault();
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const file = event.dataTransfer?.files[0];
    if (!file || this.#isElsewhere()) return;
    event.preventDefault();
    this.#load(file);
  }

  /** Whether the reader is busy in another dialog. */
  #isElsewhere() {
    const open = document.querySelector("dialog:modal");
    return open !== null && open !== this.#dialog;
  }

  /** @param {string} problem */
  #complain(problem) {
    setText(find(this.#dialog, "[data-shows=problem]"), problem);
    this.#text.setAttribute("aria-invalid", String(problem !== ""));
  }
}

/**
 * @param {Given} points
 * @param {number} given how many there were before they were thinned
 */
function describe({ points, noise }, given) {
  const { low, high } = findRange(points);
  const count = `${points.length.toLocaleString("en")} point${points.length === 1 ? "" : "s"}`;
  const thinned = given > points.length ? `, thinned evenly from ${given.toLocaleString("en")}` : "";
  const [x, y] = [0, 1].map((i) => `${formatNumber(low[i] ?? 0)} to ${formatNumber(high[i] ?? 0)}`);
  return `${count}${thinned}: x ${x}, y ${y}. Noise around each: ${formatNumber(noise)}.`;
}
