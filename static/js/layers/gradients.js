/** Where the generator's loss wants each generated sample to move, as needles with an honest scale. */

import { findQuantile, formatNumber, roundUp } from "./numbers.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").NeedlesMark} NeedlesMark */

/** The scale's needle is this fraction of the picture's width. */
export const BAR_FRACTION = 0.1;

/**
 * A needle from each generated sample towards where the generator's loss falls.
 * @param {Scene} scene
 * @returns {NeedlesMark[]}
 */
export function drawGradients({ arrays }) {
  const points = arrays.x_fake?.data;
  const vectors = arrays.gradients?.data;
  // The two may come from different frames for a moment, when one layer has just been switched on.
  if (!points || points.length !== vectors?.length) return [];
  const describe = (/** @type {number} */ i) => {
    const length = Math.hypot(vectors[2 * i], vectors[2 * i + 1]);
    return `Gradient<br>the generator's loss falls by ${formatNumber(length)} per unit this way`;
  };
  return [{ kind: "needles", points, vectors, colour: "gradient", describe }];
}

/**
 * Choose the gradient that the scale's needle stands for: round, near the strong ones, and kept while it serves.
 * @param {Pick<import("./marks.js").NamedArray, "shape" | "data">} gradients (M, D)
 * @param {number | null} previous the choice until now
 * @returns {number} in loss per unit of length
 */
export function chooseNeedle({ shape: [count, dimension], data }, previous) {
  const lengths = Float64Array.from({ length: count }, (_, i) => Math.hypot(...data.subarray(dimension * i, dimension * (i + 1))));
  const strong = findQuantile(lengths, 0.9);
  if (!(strong > 0)) return previous ?? 1;
  const serves = previous !== null && strong <= 1.6 * previous && strong >= 0.3 * previous;
  return serves ? previous : roundUp(strong);
}
