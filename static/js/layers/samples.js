/** Samples as points: noise, real, generated, and both as the discriminator scores them. */

import { formatNumber } from "./numbers.js";
import { describeScore } from "./score.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").PointsMark} PointsMark */
/** @typedef {import("./marks.js").Box} Box */

/**
 * Real samples: small circles.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawReal(scene) {
  return drawSamples(scene, { array: "x_real", logits: "real_logits", name: "Real sample", shape: "circle", radius: 2.6 });
}

/**
 * Generated samples: diamonds, so that colour is not the only sign.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawGenerated(scene) {
  return drawSamples(scene, {
    array: "x_fake",
    logits: "fake_logits",
    name: "Generated sample",
    shape: "diamond",
    radius: 4,
  });
}

/**
 * Samples of the averaged generator: small diamonds in the generator's colour.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawAveraged({ arrays }) {
  const points = arrays.x_averaged?.data;
  return points ? [{ kind: "points", shape: "diamond", points, colour: "generator", radius: 3 }] : [];
}

/**
 * Samples as a technique of drawing takes them: rings, so that those they stand beside are seen through them.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawRefined({ arrays }) {
  const points = arrays.x_refined?.data;
  if (!points) return [];
  const describe = (/** @type {number} */ i) =>
    `Refined sample<br>x ${formatNumber(points[2 * i])}, y ${formatNumber(points[2 * i + 1])}`;
  return [{ kind: "points", shape: "ring", points, colour: "generator", radius: 3.2, describe }];
}

/**
 * Real samples, each in the colour of its score.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawRealPredictions(scene) {
  return colourByScore(scene, drawReal(scene), "real_logits");
}

/**
 * Generated samples, each in the colour of its score.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawGeneratedPredictions(scene) {
  return colourByScore(scene, drawGenerated(scene), "fake_logits");
}

/**
 * The noise that the generated samples come from; noise of one dimension lies on a line.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawNoise({ arrays: { z } }) {
  return z ? [{ kind: "points", shape: "circle", points: placeNoise(z), colour: "noise", radius: 4 }] : [];
}

/**
 * The noise that the encoder answers real samples with, in their colour.
 * @param {Scene} scene
 * @returns {PointsMark[]}
 */
export function drawEncoded({ arrays: { z_real: z } }) {
  return z ? [{ kind: "points", shape: "circle", points: placeNoise(z), colour: "real", radius: 4 }] : [];
}

/** @param {NonNullable<Scene["arrays"][string]>} z */
function placeNoise({ shape, data }) {
  return shape[1] === 1 ? placeOnLine(data) : data;
}

/**
 * Points of one coordinate as points of the plane, at height 0.
 * @param {Float32Array} values
 */
export function placeOnLine(values) {
  const points = new Float32Array(values.length * 2);
  values.forEach((value, i) => {
    points[2 * i] = value;
  });
  return points;
}

/**
 * A square box around noise, with a little room; noise has no box of its own.
 * @param {Float32Array} points
 * @returns {Box}
 */
export function frameNoise(points) {
  const bounds = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    bounds[0] = Math.min(bounds[0], points[i]);
    bounds[1] = Math.max(bounds[1], points[i]);
    bounds[2] = Math.min(bounds[2], points[i + 1]);
    bounds[3] = Math.max(bounds[3], points[i + 1]);
  }
  if (!bounds.every(Number.isFinite)) return [-1, 1, -1, 1];
  const half = 0.54 * Math.max(bounds[1] - bounds[0], bounds[3] - bounds[2], 1e-6);
  const [x, y] = [(bounds[0] + bounds[1]) / 2, (bounds[2] + bounds[3]) / 2];
  return [x - half, x + half, y - half, y + half];
}

/**
 * Count the points that lie outside a box, or are no numbers.
 * @param {import("./marks.js").NamedArray} points (M, D)
 * @param {Box} box its first two edges are those of the first coordinate
 */
export function countOutside({ shape: [, dimension], data }, box) {
  const isInside = (/** @type {number} */ value, /** @type {number} */ i) => value >= box[2 * i] && value <= box[2 * i + 1];
  let count = 0;
  for (let i = 0; i < data.length; i += dimension) {
    if (!data.subarray(i, i + dimension).every(isInside)) count += 1;
  }
  return count;
}

/**
 * @param {Scene} scene
 * @param {{array: string, logits: string, name: string, shape: "circle" | "diamond", radius: number}} sort
 * @returns {PointsMark[]}
 */
function drawSamples({ arrays, score }, { array, logits, name, shape, radius }) {
  const points = arrays[array]?.data;
  if (!points) return [];
  const outputs = arrays[logits]?.data;
  const describe = (/** @type {number} */ i) => {
    const place = `${name}<br>x ${formatNumber(points[2 * i])}, y ${formatNumber(points[2 * i + 1])}`;
    return outputs ? `${place}<br>${describeScore(score, outputs[i])}` : place;
  };
  return [{ kind: "points", shape, points, colour: shape === "circle" ? "real" : "generated", radius, describe }];
}

/**
 * @param {Scene} scene
 * @param {PointsMark[]} marks
 * @param {string} logits
 * @returns {PointsMark[]}
 */
function colourByScore({ arrays, score }, marks, logits) {
  const outputs = arrays[logits]?.data;
  if (!outputs) return [];
  return marks.map((mark) => ({ ...mark, positions: outputs.map(score.place) }));
}
