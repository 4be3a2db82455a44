/** The discriminator over x: columns in the colours of its score, and the score as a dashed curve. */

import { formatNumber } from "../numbers.js";
import { describeScore } from "../score.js";
import { findMiddle, traceCells } from "./curves.js";
import { layOutStrips } from "./places.js";

/** @typedef {import("../marks.js").Scene} Scene */
/** @typedef {import("../marks.js").Mark} Mark */

const DASH = [7, 4];

/**
 * The discriminator's score at every x.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawSurface(scene) {
  return drawScores(scene, scene.arrays.surface, "Discriminator");
}

/**
 * The score that the best discriminator would have there, drawn alike.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawOptimum(scene) {
  return drawScores(scene, scene.arrays.optimal_surface, "Best discriminator");
}

/**
 * Where the gradient of the discriminator's loss pushes its score up, and where down; 1 is the strongest push.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawSurfaceChange(scene) {
  const change = scene.arrays.surface_change;
  if (!change) return [];
  const describe = (/** @type {number} */ i) => `Push on the score<br>${formatNumber(change.data[i])} of the strongest`;
  return drawColumns(scene, change.data, describe);
}

/**
 * @param {Scene} scene
 * @param {import("../marks.js").NamedArray | undefined} surface (1, S)
 * @param {string} name whose scores they are
 * @returns {Mark[]}
 */
function drawScores(scene, surface, name) {
  if (!surface) return [];
  const { box, score } = scene;
  const { data } = surface;
  const describe = (/** @type {number} */ i) =>
    `${name} at x ${formatNumber(findMiddle(i, data.length, box))}<br>${describeScore(score, data[i])}`;
  return drawColumns(scene, data.map(score.place), describe);
}

/**
 * The ground reaches from the top to below the samples: what is further down is noise, and no place of x.
 * @param {Scene} scene
 * @param {Float32Array} positions on the score's scale: -1 lies at the axis, and 1 at the top of the frame
 * @param {(index: number) => string} describe
 * @returns {Mark[]}
 */
function drawColumns(scene, positions, describe) {
  const { box } = scene;
  const ground = /** @type {const} */ ([box[0], box[1], layOutStrips(scene).warp[1], 2 * box[3]]);
  const line = traceCells(positions.map((position) => ((position + 1) / 2) * box[3]), box);
  return [
    { kind: "image", box: ground, rows: 1, columns: positions.length, positions, describe },
    { kind: "lines", lines: [line], colour: "discriminator", width: 1.8, opacity: 1, dash: DASH },
  ];
}
