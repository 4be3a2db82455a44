/** The story of one generated sample, stage by stage: from its noise to where the next update takes it. */

import { formatFixed, formatNumber } from "../layers/numbers.js";
import { make } from "../plots/elements.js";
import { describeValues, formatVector, traceStrip } from "./figures.js";
import { createCode, createFormulas, createPath, createPicture } from "./parts.js";
import { createFold } from "./unfold.js";

/** @typedef {import("./answers.js").SampleStory} SampleStory */
/** @typedef {import("./answers.js").Stage} Stage */
/** @typedef {import("./answers.js").Vector} Vector */
/** @typedef {import("./unfold.js").Unfolded} Unfolded */

/** So many numbers are read at a glance; more of them are drawn as bars. */
const FEW = 4;

/**
 * @param {SampleStory} story
 * @param {Unfolded} unfolded
 * @param {(node: string | null) => void} point light a node of the graph
 * @returns {HTMLElement}
 */
export function createStory(story, unfolded, point) {
  const stages = story.stages.map((stage) => {
    const item = make("li", { className: "stage-of-story", attributes: { "data-stage": stage.key } }, [
      make("h4", { textContent: stage.title }),
      ...summarizeStage(stage, story),
      createFold(unfolded, `stage ${stage.key}`, `How: ${stage.title.toLowerCase()}`, () => explainStage(stage, unfolded)),
    ]);
    for (const type of ["pointerenter", "focusin"]) item.addEventListener(type, () => point(stage.node));
    for (const type of ["pointerleave", "focusout"]) item.addEventListener(type, () => point(null));
    return item;
  });
  return make("ol", { className: "story" }, stages);
}

/**
 * What a reader sees of a stage at once: what comes out of it.
 *
 * @param {Stage} stage
 * @param {SampleStory} story
 * @returns {HTMLElement[]}
 */
function summarizeStage(stage, { logit, probability, loss }) {
  if (stage.key === "score") {
    const sure = probability === null ? "" : `: ${formatFixed(100 * probability, 1)} % sure that it is real`;
    return [make("p", { textContent: `Score ${formatNumber(logit)}${sure}` })];
  }
  if (stage.key === "loss") return [make("p", { textContent: `It costs the generator ${formatNumber(loss)}` })];
  const out = stage.key === "move" ? stage.vectors[1] : stage.vectors.at(-1);
  return out ? [createVector(out)] : [];
}

/**
 * @param {Stage} stage
 * @param {Unfolded} unfolded
 * @returns {Node[]}
 */
function explainStage({ key, formula, vectors, code }, unfolded) {
  const figures = vectors.map((vector, i) =>
    make("div", {}, [
      createVector(vector),
      ...(vector.values.length > FEW
        ? [createFold(unfolded, `numbers ${key} ${i}`, "All numbers", () => [createNumbers(vector)])]
        : []),
    ]),
  );
  return [createFormulas(formula), ...figures, createCode(code, key)];
}

/**
 * A vector: a few numbers in a row, or many as bars, each with its number under the pointer.
 *
 * @param {Vector} vector
 * @returns {HTMLElement}
 */
function createVector({ name, what, unit, values }) {
  const title = make("span", {}, [...writeName(name), ` ${what}${unit ? `, in ${unit}` : ""}`]);
  if (values.length <= FEW) {
    return make("p", { className: "vector" }, [title, make("b", { textContent: formatVector(values) })]);
  }
  const told = make("span", { className: "vector-number", textContent: describeValues(values) });
  const words = `Bars: ${what}, ${describeValues(values)}`;
  const strip = createPicture(`0 0 ${values.length} 2`, "strip", words, [createPath(traceStrip(values))]);
  strip.addEventListener("pointermove", ({ clientX }) => {
    const { left, width } = strip.getBoundingClientRect();
    const i = Math.min(values.length - 1, Math.max(0, Math.floor(((clientX - left) / width) * values.length)));
    told.textContent = `number ${i + 1}: ${formatNumber(values[i])}`;
  });
  strip.addEventListener("pointerleave", () => (told.textContent = describeValues(values)));
  return make("div", { className: "vector" }, [title, told, strip]);
}

/** @param {Vector} vector */
function createNumbers({ what, values }) {
  const rows = values.map((value, i) =>
    make("tr", {}, [
      make("th", { scope: "row", textContent: String(i + 1) }),
      make("td", { textContent: formatNumber(value) }),
    ]),
  );
  const caption = make("caption", { className: "visually-hidden", textContent: what });
  const table = make("table", { className: "values" }, [caption, make("tbody", {}, rows)]);
  return make("div", { className: "all-numbers", tabIndex: 0, attributes: { role: "group", "aria-label": `Numbers: ${what}`, "data-keep": `numbers ${what}` } }, [table]);
}

/**
 * A name as formulas have it, such as h^{(1)}, with its raised and its lowered parts.
 *
 * @param {string} name
 * @returns {(Node | string)[]}
 */
function writeName(name) {
  const parts = name.split(/(\^\{[^}]*\}|_\w)/).filter((part) => part !== "");
  return parts.map((part) => {
    if (part.startsWith("^")) return make("sup", { textContent: part.slice(2, -1) });
    if (part.startsWith("_")) return make("sub", { textContent: part.slice(1) });
    return make("var", { textContent: part.replace("-", "−") });
  });
}
