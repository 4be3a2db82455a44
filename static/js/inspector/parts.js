/** Parts of what the inspector tells: formulas, tensors, lines of code, notes. */

import { layOutResult } from "../controls/formula.js";
import { formatNumber } from "../layers/numbers.js";
import { make } from "../plots/elements.js";
import { createAcross } from "./across.js";
import { describeHistogram, formatRange, formatShape, traceHistogram } from "./figures.js";
import { createFold } from "./unfold.js";

/** @typedef {import("./answers.js").Formula} Formula */
/** @typedef {import("./answers.js").Histogram} Histogram */
/** @typedef {import("./answers.js").Summary} Summary */
/** @typedef {import("./answers.js").Tensor} Tensor */
/** @typedef {import("./unfold.js").Unfolded} Unfolded */

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [160, 48];

/**
 * Formulas, each with what it says, in symbols, and with the numbers of this moment.
 *
 * @param {readonly Formula[]} formulas
 * @returns {HTMLElement}
 */
export function createFormulas(formulas) {
  const items = formulas.map(({ meaning, mathml, mathml_numbers }) =>
    make("li", { className: "worked" }, [
      make("p", { textContent: meaning }),
      createAcross("In symbols", layOutResult(mathml)),
      createAcross("With numbers", layOutResult(mathml_numbers)),
    ]),
  );
  return make("ol", { className: "worked-list" }, items);
}

/**
 * A table of tensors: each can be unfolded.
 *
 * @param {readonly Tensor[]} tensors
 * @param {Unfolded} unfolded
 * @returns {HTMLElement}
 */
export function createTensors(tensors, unfolded) {
  const heads = ["Tensor", "Shape", "Range", "Mean"].map((name) => make("th", { scope: "col", textContent: name }));
  const rows = tensors.flatMap((tensor) => {
    const { name, what, unit, shape, minimum, maximum, mean } = tensor;
    const words = unit ? `${what}, in ${unit}` : what;
    const head = make("th", { scope: "row" }, [make("code", {}, breakName(name))]);
    const cells = [formatShape(shape), formatRange(minimum, maximum), formatNumber(mean)];
    const facts = make("tr", {}, [head, ...cells.map((text) => make("td", { textContent: text }))]);
    const fold = createFold(unfolded, `tensor ${name}`, `First rows of ${name}`, () => createSummary(tensor, name));
    const below = shape.length ? [make("p", { textContent: words }), fold] : [make("p", { textContent: words })];
    return [facts, make("tr", { className: "values-more" }, [make("td", { colSpan: 4 }, below)])];
  });
  const table = make("table", { className: "values tensors" }, [
    make("caption", { textContent: "Tensors" }),
    make("thead", {}, [make("tr", {}, heads)]),
    make("tbody", {}, rows),
  ]);
  return createAcross("Tensors", [table]);
}

/**
 * A name of code that may go on in a new line after each of its words, where a column is narrow.
 *
 * @param {string} name
 * @returns {(Node | string)[]}
 */
function breakName(name) {
  return name.split(/(?<=_)/).flatMap((word, i) => (i === 0 ? [word] : [make("wbr"), word]));
}

/**
 * The first rows of a tensor, and its histogram.
 *
 * @param {Summary} summary
 * @param {string} name
 * @returns {Node[]}
 */
export function createSummary({ shape, rows, histogram }, name) {
  const cells = rows.map((row, i) =>
    make("tr", {}, [
      make("th", { scope: "row", textContent: String(i + 1) }),
      ...row.map((value) => make("td", { textContent: formatNumber(value) })),
    ]),
  );
  const [length = 0, width = 1] = shape;
  const [down, right] = [length > rows.length, width > (rows[0]?.length ?? 0)];
  const shown = down || right ? `The first ${rows.length} rows of ${formatShape([length])}` : "All rows";
  const table = make("table", { className: "values first-rows" }, [
    make("caption", { className: "visually-hidden", textContent: `First rows of ${name}` }),
    make("tbody", {}, cells),
  ]);
  const words = make("p", { className: "inspector-soft", textContent: right ? `${shown}, the first ${rows[0]?.length} columns of ${width}.` : `${shown}.` });
  return [createAcross(`Rows of ${name}`, [table]), words, ...(histogram ? [createHistogram(histogram, name)] : [])];
}

/**
 * A histogram with its ends, and in words for those who do not see it.
 *
 * @param {Histogram} histogram
 * @param {string} name what its numbers are
 * @returns {HTMLElement}
 */
function createHistogram(histogram, name) {
  const path = createPath(traceHistogram(histogram.counts, WIDTH, HEIGHT));
  const svg = createPicture(`0 0 ${WIDTH} ${HEIGHT}`, "histogram", `Histogram of ${name}`, [path]);
  const ends = [histogram.edges[0], histogram.edges.at(-1)].map((edge) => make("span", { textContent: formatNumber(edge) }));
  return make("div", { className: "histogram-frame" }, [
    svg,
    make("p", { className: "histogram-ends", attributes: { "aria-hidden": "true" } }, ends),
    make("p", { className: "inspector-soft", textContent: describeHistogram(histogram) }),
  ]);
}

/**
 * @param {string} viewBox
 * @param {string} className
 * @param {string} words what it shows
 * @param {readonly SVGElement[]} marks
 * @returns {SVGElement}
 */
export function createPicture(viewBox, className, words, marks) {
  const svg = document.createElementNS(SVG, "svg");
  const facts = { viewBox, class: className, role: "img", "aria-label": words, preserveAspectRatio: "none" };
  for (const [name, value] of Object.entries(facts)) svg.setAttribute(name, value);
  svg.append(...marks);
  return svg;
}

/** @param {string} data a path's */
export function createPath(data) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", data);
  return path;
}

/**
 * The lines of PyTorch, with a button that copies them.
 *
 * @param {string} code
 * @param {string} key
 * @returns {HTMLElement}
 */
export function createCode(code, key) {
  const text = make("code", { textContent: code });
  const said = make("span", { className: "inspector-soft", attributes: { role: "status", "data-keep": `copied ${key}` } });
  const button = make("button", { type: "button", className: "button quiet", textContent: "Copy", attributes: { "data-keep": `copy ${key}` } });
  button.addEventListener("click", async () => (said.textContent = (await copyText(text)) ? "Copied" : "Selected: copy it with your keys"));
  return make("div", { className: "snippet" }, [createAcross("PyTorch", [make("pre", {}, [text])]), make("p", { className: "snippet-foot" }, [button, said])]);
}

/**
 * Copy an element's text; where the browser does not let us, select it.
 *
 * @param {HTMLElement} element
 * @returns {Promise<boolean>} whether it was copied
 */
async function copyText(element) {
  try {
    // Only on pages that a browser holds for safe: not over plain HTTP from another machine.
    await navigator.clipboard.writeText(element.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return false;
  }
}

/**
 * A part with its heading; nothing where it has no content.
 *
 * @param {string} title
 * @param {readonly Node[]} content
 * @returns {HTMLElement[]}
 */
export function createPart(title, content) {
  return content.length ? [make("section", { className: "inspector-part" }, [make("h4", { textContent: title }), ...content])] : [];
}

/** @param {readonly string[]} notes */
export function createNotes(notes) {
  return notes.map((note) => make("p", { className: "inspector-note", textContent: `${note.charAt(0).toUpperCase()}${note.slice(1)}.` }));
}
