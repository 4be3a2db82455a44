/** The layers of a network, as a phase or a node tells of them: how long their gradients are, or how they change. */

import { formatNumber } from "../layers/numbers.js";
import { make } from "../plots/elements.js";
import { createAcross } from "./across.js";
import { formatRange, formatShape, joinNorms } from "./figures.js";
import { createSummary } from "./parts.js";
import { createFold } from "./unfold.js";

/** @typedef {import("./answers.js").Layer} Layer */
/** @typedef {import("./answers.js").View} View */
/** @typedef {import("./unfold.js").Unfolded} Unfolded */

const VIEW_WORDS = Object.freeze({ now: "Now", gradient: "Gradient", before: "Before", step: "Step", after: "After" });
const PARTS = /** @type {const} */ (["weight", "bias"]);
const PART_WORDS = { weight: "Weights", bias: "Biases" };
const LENGTH_WORDS =
  "Length means the Euclidean norm: the root of the sum of all squares. Short steps add up over hundreds of updates.";

/**
 * @param {readonly Layer[]} layers
 * @param {Unfolded} unfolded
 * @returns {HTMLElement[]}
 */
export function createLayers(layers, unfolded) {
  const [first] = layers;
  if (!first) return [];
  const views = /** @type {View[]} */ (Object.keys(first.weight));
  const bars = views.includes("gradient") ? [createNormBars(layers)] : [createLengths(layers, views)];
  const folds = layers.map((layer) =>
    createFold(unfolded, `layer ${layer.name}`, `Numbers of the ${layer.name}`, () => createNumbers(layer, views)),
  );
  return [...bars, ...folds];
}

/**
 * The length of each layer's gradient as a bar; the longest fills its track.
 *
 * @param {readonly Layer[]} layers
 */
function createNormBars(layers) {
  const norms = layers.map(({ weight, bias }) => joinNorms(weight.gradient?.norm, bias.gradient?.norm));
  const most = Math.max(...norms.map((norm) => norm ?? 0)) || 1;
  const rows = layers.map(({ name }, i) => {
    const fill = make("span", { className: "norm-fill" });
    fill.style.setProperty("inline-size", `${(100 * (norms[i] ?? 0)) / most}%`);
    return make("tr", {}, [
      make("th", { scope: "row", textContent: capitalise(name) }),
      make("td", { className: "norm-cell" }, [make("span", { className: "norm-track", attributes: { "aria-hidden": "true" } }, [fill])]),
      make("td", { textContent: formatNumber(norms[i]) }),
    ]);
  });
  return make("table", { className: "values norms" }, [
    make("caption", { textContent: "Length of each layer’s gradient" }),
    make("tbody", {}, rows),
  ]);
}

/**
 * How long each layer's weights and biases are, in one column a view.
 *
 * @param {readonly Layer[]} layers
 * @param {readonly View[]} views
 */
function createLengths(layers, views) {
  const heads = ["Layer", "Shape", ...views.map((view) => VIEW_WORDS[view])];
  const rows = layers.flatMap((layer) =>
    PARTS.map((part) => {
      const shape = layer[part][views[0] ?? "now"]?.shape ?? [];
      const words = `${capitalise(layer.name)}: ${PART_WORDS[part].toLowerCase()}`;
      const cells = [formatShape(shape), ...views.map((view) => formatNumber(layer[part][view]?.norm))];
      return make("tr", {}, [
        make("th", { scope: "row", textContent: words }),
        ...cells.map((text) => make("td", { textContent: text })),
      ]);
    }),
  );
  const table = make("table", { className: "values" }, [
    make("caption", { textContent: views.includes("step") ? "Lengths before, of the step, and after" : "Lengths of weights and biases" }),
    make("thead", {}, [make("tr", {}, heads.map((name) => make("th", { scope: "col", textContent: name })))]),
    make("tbody", {}, rows),
  ]);
  return make("div", {}, [
    createAcross("Layers", [table]),
    make("p", { className: "inspector-soft", textContent: LENGTH_WORDS }),
  ]);
}

/**
 * @param {Layer} layer
 * @param {readonly View[]} views
 * @returns {Node[]}
 */
function createNumbers(layer, views) {
  return PARTS.flatMap((part) =>
    views.flatMap((view) => {
      const numbers = layer[part][view];
      if (!numbers) return [];
      const name = views.length > 1 ? `${PART_WORDS[part]}, ${VIEW_WORDS[view].toLowerCase()}` : PART_WORDS[part];
      const facts = `${formatShape(numbers.shape)}, ${formatRange(numbers.minimum, numbers.maximum)}`;
      return [
        make("h5", { textContent: name }),
        make("p", { className: "inspector-soft", textContent: facts }),
        ...createSummary(numbers, `${part} of the ${layer.name}, ${VIEW_WORDS[view].toLowerCase()}`),
      ];
    }),
  );
}

/** @param {string} text */
function capitalise(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
