/** The density of the real data: a curve over x, filled down to the axis. */

import { formatNumber } from "../numbers.js";
import { closeCurve, traceCells } from "./curves.js";

/** @typedef {import("../marks.js").Scene} Scene */
/** @typedef {import("../marks.js").Mark} Mark */

/**
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawDensity({ arrays, box }) {
  const heights = arrays.density?.data;
  if (!heights?.length) return [];
  const line = traceCells(heights, box);
  const describe = (/** @type {number} */ i) =>
    `Real density<br>${formatNumber(line[2 * i + 1])} at x ${formatNumber(line[2 * i])}`;
  return [
    { kind: "area", outline: closeCurve(line), colour: "real", opacity: 0.22 },
    { kind: "lines", lines: [line], colour: "real", width: 2, opacity: 1, describe },
  ];
}
