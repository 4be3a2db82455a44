/** The discriminator over the box: its score, and which way its loss's gradient pushes that. */

import { formatNumber } from "./numbers.js";
import { describeScore } from "./score.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").ImageMark} ImageMark */

/**
 * The discriminator's score at every place.
 * @param {Scene} scene
 * @returns {ImageMark[]}
 */
export function drawSurface(scene) {
  return drawScores(scene, scene.arrays.surface, "Discriminator");
}

/**
 * The score that the best discriminator would have there, in the same colours.
 * @param {Scene} scene
 * @returns {ImageMark[]}
 */
export function drawOptimum(scene) {
  return drawScores(scene, scene.arrays.optimal_surface, "Best discriminator");
}

/**
 * @param {Scene} scene
 * @param {import("./marks.js").NamedArray | undefined} surface
 * @param {string} name whose scores they are
 * @returns {ImageMark[]}
 */
function drawScores({ box, score }, surface, name) {
  if (!surface) return [];
  const [rows, columns] = surface.shape;
  const describe = (/** @type {number} */ i) => `${name}<br>${describeScore(score, surface.data[i])}`;
  return [{ kind: "image", box, rows, columns, positions: surface.data.map(score.place), describe }];
}

/**
 * Where the gradient of the discriminator's loss pushes its score up, and where down; 1 is the strongest push. Its next
 * update is another one where its optimizer does not follow the gradient alone.
 * @param {Scene} scene
 * @returns {ImageMark[]}
 */
export function drawSurfaceChange({ arrays, box }) {
  const change = arrays.surface_change;
  if (!change) return [];
  const [rows, columns] = change.shape;
  const describe = (/** @type {number} */ i) => `Push on the score<br>${formatNumber(change.data[i])} of the strongest`;
  return [{ kind: "image", box, rows, columns, positions: change.data, describe }];
}
