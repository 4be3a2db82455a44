/** The data sets to choose from: a group of radio buttons, each with a picture of its points. */

import { make } from "../plots/elements.js";
import { assignPath } from "./configs.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */
/** @typedef {import("./configs.js").Change} Change */

/** A thumbnail's own pixels a side; CSS gives it its size on the page. */
const SIDE = 128;
const DOT = 2.4;

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Change} change
 * @param {{signal: AbortSignal}} options
 */
export function createDatasets(root, store, change, { signal }) {
  /** @type {{unit: UnitFacts, label: HTMLElement, input: HTMLInputElement, canvas: HTMLCanvasElement}[]} */
  let choices = [];
  store.subscribe(
    ["catalog"],
    ({ catalog }) => {
      choices = (catalog?.datasets ?? []).map(buildChoice);
      root.replaceChildren(...choices.map(({ label }) => label));
    },
    { signal },
  );
  store.subscribe(
    ["catalog", "config"],
    ({ config }) => {
      for (const { unit, label, input } of choices) {
        input.checked = unit.key === config?.data.name;
        // Points of one's own cannot be given here; the choice appears for a run that has them.
        label.hidden = unit.parameters.some(({ type }) => type === "points") && !input.checked;
        if (input.checked) bringIntoView(root, label);
      }
    },
    { signal },
  );
  store.subscribe(["catalog", "theme"], () => choices.forEach(({ canvas, unit }) => drawThumbnail(canvas, unit)), {
    signal,
  });

  root.addEventListener(
    "change",
    async (event) => {
      const name = /** @type {HTMLInputElement} */ (event.target).value;
      store.set({ problem: null });
      try {
        await change((config) => assignPath(config, "data.name", name));
      } catch (error) {
        // The picture that is chosen again is that of the run as it still is.
        store.set({ problem: /** @type {Error} */ (error).message, config: store.get().config });
      }
    },
    { signal },
  );
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
function buildChoice(unit) {
  const input = make("input", { type: "radio", name: "dataset", value: unit.key });
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  canvas.setAttribute("aria-hidden", "true");
  const label = make("label", { className: "dataset", title: unit.help }, [
    input,
    canvas,
    make("span", {}, [unit.label]),
  ]);
  return { unit, label, input, canvas };
}

/**
 * Draw some of the data set's points in its view box.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {UnitFacts} unit
 */
function drawThumbnail(canvas, { box, preview = [] }) {
  const context = canvas.getContext("2d");
  if (!context || !box) return;
  const { centre, half_extent } = box;
  const scale = SIDE / 2 / half_extent;
  context.clearRect(0, 0, SIDE, SIDE);
  context.fillStyle = getComputedStyle(canvas).color;
  context.globalAlpha = 0.65;
  for (const [x, y] of preview) {
    context.beginPath();
    context.arc(SIDE / 2 + scale * (x - centre[0]), SIDE / 2 - scale * (y - centre[1]), DOT, 0, 2 * Math.PI);
    context.fill();
  }
}
