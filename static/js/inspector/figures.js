/** Small figures of numbers, and how numbers of tensors are written: no document here. */

import { formatCount, formatNumber } from "../layers/numbers.js";

/** @typedef {import("./answers.js").Histogram} Histogram */
/** @typedef {import("./answers.js").Value} Value */

/**
 * The outline of a histogram's bars in a box of the given size; the highest bar fills it.
 *
 * @param {readonly number[]} counts
 * @param {number} width
 * @param {number} height
 * @returns {string} SVG path data
 */
export function traceHistogram(counts, width, height) {
  const most = Math.max(...counts, 1);
  const step = width / Math.max(counts.length, 1);
  const y = (/** @type {number} */ count) => shorten(height - (height * count) / most);
  const tops = counts.map((count, i) => `L${shorten(i * step)} ${y(count)}H${shorten((i + 1) * step)}`);
  return `M0 ${height}${tops.join("")}V${height}Z`;
}

/**
 * Bars up and down from a middle line, one a unit of width, in a box two units high.
 *
 * @param {readonly Value[]} values
 * @returns {string} SVG path data
 */
export function traceStrip(values) {
  const most = Math.max(...values.map((value) => Math.abs(value ?? 0)), 0) || 1;
  return values
    .map((value, i) => `M${shorten(i + 0.1)} 1V${shorten(1 - (value ?? 0) / most)}H${shorten(i + 0.9)}V1Z`)
    .join("");
}

/**
 * @param {Histogram} histogram
 * @returns {string} where most of the values lie
 */
export function describeHistogram({ edges, counts }) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const fullest = counts.indexOf(Math.max(...counts));
  const [low, high] = [edges[fullest], edges[fullest + 1]].map(formatNumber);
  return `Of ${formatCount(total)} numbers most, ${formatCount(counts[fullest] ?? 0)}, lie between ${low} and ${high}.`;
}

/**
 * @param {readonly Value[]} values
 * @returns {string} how many numbers, and between which
 */
export function describeValues(values) {
  const finite = values.filter((value) => value !== null);
  const range = finite.length ? `, ${formatRange(Math.min(...finite), Math.max(...finite))}` : "";
  return `${formatCount(values.length)} ${values.length === 1 ? "number" : "numbers"}${range}`;
}

/**
 * @param {Value} minimum
 * @param {Value} maximum
 */
export function formatRange(minimum, maximum) {
  if (minimum === null || maximum === null) return "–";
  const [low, high] = [formatNumber(minimum), formatNumber(maximum)];
  return low === high ? low : `${low} to ${high}`;
}

/** @param {readonly number[]} shape such as 128 × 2; a single number has none */
export function formatShape(shape) {
  return shape.length ? shape.map(formatCount).join(" × ") : "one number";
}

/** @param {readonly Value[]} values such as (0.5, −1.25) */
export function formatVector(values) {
  return values.length === 1 ? formatNumber(values[0]) : `(${values.map(formatNumber).join(", ")})`;
}

/**
 * The length of two vectors, one after the other.
 *
 * @param {Value | undefined} one
 * @param {Value | undefined} other
 * @returns {Value}
 */
export function joinNorms(one, other) {
  return one === null || one === undefined || other === null || other === undefined ? null : Math.hypot(one, other);
}

/** @param {number} value */
function shorten(value) {
  return Number(value.toFixed(3));
}
