/** The data sets to choose from: a group of radio buttons, each with a picture of its points. */

import { make } from "../plots/elements.js";
import { chooseDataset } from "../data/choose.js";
import { fitBox } from "../data/fit.js";
import { thinEvenly } from "../data/parse.js";
import { drawDots, drawHill } from "./dots.js";
import { isGiven } from "./given.js";
import { listFirst, writePaper } from "./menu.js";
import { askWithNeeds } from "./needs.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../data/strokes.js").Point} Point */
/** @typedef {import("./configs.js").Change} Change */
/** @typedef {import("./finder.js").Finder} Finder */
/** @typedef {import("./given.js").GivenData} GivenData */

/**
 * A radio button with its picture; `own` are the reader's points, for the data sets that take some.
 *
 * @typedef {object} Choice
 * @property {UnitFacts} unit
 * @property {HTMLElement} label
 * @property {HTMLInputElement} input
 * @property {HTMLCanvasElement} canvas
 * @property {{points: Point[], noise: number} | null} own
 */

/** A thumbnail's own pixels a side; CSS gives it its size on the page. */
const SIDE = 128;
const DOT = 2.4;
const MOST_DOTS = 400;

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} more the button that opens all of them
 * @param {PageStore} store
 * @param {Change} change
 * @param {GivenData} given
 * @param {{signal: AbortSignal, finder: Finder}} options
 */
export function createDatasets(root, more, store, change, given, { signal, finder }) {
  /** @type {Choice[]} */
  let choices = [];
  store.subscribe(
    ["catalog"],
    ({ catalog }) => {
      choices = (catalog?.datasets ?? []).map((unit) => buildChoice(unit, given));
      const first = new Set(listFirst(catalog?.datasets ?? []));
      for (const { unit, label } of choices) label.hidden = !first.has(unit);
      more.hidden = choices.every(({ label }) => !label.hidden);
      root.replaceChildren(...choices.map(({ label }) => label));
    },
    { signal },
  );
  store.subscribe(
    ["catalog", "config"],
    ({ config }) => {
      for (const choice of choices) {
        choice.input.checked = choice.unit.key === config?.data.name;
        if (!choice.input.checked) continue;
        // One that was chosen from all of them keeps its place beside the others.
        choice.label.hidden = false;
        bringIntoView(root, choice.label);
        if (config && takesPoints(choice.unit)) showOwn(choice, config);
      }
    },
    { signal },
  );
  store.subscribe(["catalog", "appearance"], () => choices.forEach(drawThumbnail), {
    signal,
  });

  const changeUnits = askWithNeeds(store, change);

  /** @param {string} name */
  async function choose(name) {
    const { catalog } = store.get();
    store.set({ problem: null });
    if (isGiven(name)) return given.open(name);
    if (!catalog) return;
    try {
      await changeUnits((config) => chooseDataset(config, catalog, name));
    } catch (error) {
      // The picture that is chosen again is that of the run as it still is.
      store.set({ problem: /** @type {Error} */ (error).message, config: store.get().config });
    }
  }

  root.addEventListener("change", (event) => choose(/** @type {HTMLInputElement} */ (event.target).value), { signal });
  more.addEventListener(
    "click",
    () => {
      const isChosen = (/** @type {string} */ name) => name === store.get().config?.data.name;
      finder.open("Data sets", choices.map(describeChoice), isChosen, choose);
    },
    { signal },
  );
}

/**
 * A data set among all of them, with a copy of its picture.
 *
 * @param {Choice} choice
 */
function describeChoice({ unit, canvas }) {
  function picture() {
    const copy = make("canvas", { width: SIDE, height: SIDE });
    copy.getContext("2d")?.drawImage(canvas, 0, 0);
    return copy;
  }
  return { value: unit.key, label: unit.label, help: unit.help, more: writePaper(unit), picture };
}

/**
 * On a narrow screen the choices are one row that is swiped; the chosen one is in its middle.
 *
 * @param {HTMLElement} row
 * @param {HTMLElement} choice
 */
function bringIntoView(row, choice) {
  row.scrollLeft = choice.offsetLeft - (row.clientWidth - choice.offsetWidth) / 2;
}

/** @param {UnitFacts} unit */
function takesPoints(unit) {
  return unit.parameters.some(({ type }) => type === "points");
}

/**
 * The reader's own points are the picture from now on, in a later run of other data too.
 *
 * @param {Choice} choice
 * @param {RunConfig} config
 */
function showOwn(choice, { data }) {
  choice.own = { points: /** @type {Point[]} */ (data.points), noise: Number(data.noise) };
  drawThumbnail(choice);
}

/**
 * @param {UnitFacts} unit
 * @param {GivenData} given
 * @returns {Choice}
 */
function buildChoice(unit, given) {
  const input = make("input", { type: "radio", name: "dataset", value: unit.key });
  if (takesPoints(unit)) input.setAttribute("aria-haspopup", "dialog");
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  canvas.setAttribute("aria-hidden", "true");
  const label = make("label", { className: "dataset", title: unit.help }, [
    input,
    canvas,
    make("span", {}, [unit.label]),
  ]);
  return { unit, label, input, canvas, own: given.recall(unit.key) };
}

/** @param {Choice} choice */
function drawThumbnail({ canvas, unit, own }) {
  const { box, preview = [] } = unit;
  if (own) {
    // A drawing is seen where it was drawn; points are seen in a box that is fitted to them.
    const view = unit.key === "points" || !box ? fitBox(own.points, own.noise) : box;
    drawDots(canvas, thinEvenly(own.points, MOST_DOTS), view, DOT);
  } else if (box && unit.dimension === 1) drawHill(canvas, Float32Array.from(preview.flat()), box);
  else if (box) drawDots(canvas, preview, box, DOT);
}
