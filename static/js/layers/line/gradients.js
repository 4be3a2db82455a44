/** Where the generator's loss wants each generated sample to move along x. */

import { formatNumber } from "../numbers.js";
import { placeGenerated } from "./places.js";

/** @typedef {import("../marks.js").Scene} Scene */
/** @typedef {import("../marks.js").NeedlesMark} NeedlesMark */

/** Needles that all lie in one strip are slimmer than those that have the plane. */
const WIDTH = 0.5;

/**
 * A needle from each generated sample to the left or to the right.
 * @param {Scene} scene
 * @returns {NeedlesMark[]}
 */
export function drawGradients(scene) {
  return drawNeedles(scene, placeGenerated(scene));
}

/**
 * @param {Scene} scene
 * @param {Float32Array | undefined} points where the needles begin, interleaved
 * @returns {NeedlesMark[]}
 */
export function drawNeedles({ arrays }, points) {
  const slopes = arrays.gradients?.data;
  // The two may come from different frames for a moment, when one layer has just been switched on.
  if (!points || !slopes || points.length !== 2 * slopes.length) return [];
  const describe = (/** @type {number} */ i) => {
    const side = slopes[i] < 0 ? "left" : "right";
    return `Gradient<br>the generator's loss falls by ${formatNumber(Math.abs(slopes[i]))} per unit to the ${side}`;
  };
  return [{ kind: "needles", points, vectors: layFlat(slopes), colour: "gradient", width: WIDTH, describe }];
}

/**
 * Lengths along x as vectors of the picture.
 * @param {ArrayLike<number>} lengths
 * @returns {Float32Array} interleaved
 */
export function layFlat(lengths) {
  const vectors = new Float32Array(2 * lengths.length);
  for (let i = 0; i < lengths.length; i += 1) vectors[2 * i] = lengths[i];
  return vectors;
}
