/** The discriminator over the box: its score, and how its next update would change it. */

import { formatNumber } from "./numbers.js";
import { describeScore } from "./score.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").ImageMark} ImageMark */

/**
 * The discriminator's score at every place.
 * @param {Scene} scene
 * @returns {ImageMark[]}
 */
export function drawSurface({ arrays, box, score }) {
  const { surface } = arrays;
  if (!surface) return [];
  const [rows, columns] = surface.shape;
  const describe = (/** @type {number} */ i) => `Discriminator<br>${describeScore(score, surface.data[i])}`;
  return [{ kind: "image", box, rows, columns, positions: surface.data.map(score.place), describe }];
}

/**
 * Where the discriminator's next update raises its score, and where it lowers it; 1 is the strongest change.
 * @param {Scene} scene
 * @returns {ImageMark[]}
 */
export function drawSurfaceChange({ arrays, box }) {
  const change = arrays.surface_change;
  if (!change) return [];
  const [rows, columns] = change.shape;
  const describe = (/** @type {number} */ i) => `Change of score<br>${formatNumber(change.data[i])} of the strongest`;
  return [{ kind: "image", box, rows, columns, positions: change.data, describe }];
}
