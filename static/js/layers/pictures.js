/** The layered picture by the dimension of the data: its layers, its frame, and where its samples are. */

import { CHOSEN } from "./chosen.js";
import { LAYERS } from "./layers.js";
import { drawChosen } from "./line/chosen.js";
import { LINE_LAYERS } from "./line/layers.js";
import { framePicture, placeGenerated } from "./line/places.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").Box} Box */

/**
 * @typedef {object} Picture
 * @property {readonly import("./layers.js").Layer[]} layers
 * @property {typeof CHOSEN} chosen the marked sample, on top of them
 * @property {(box: Box) => Box} frame what is seen of a run's box when all of it is
 * @property {(box: Box, home: Box) => Box} hold what can be seen of what is asked for
 * @property {string} keys how the keyboard moves it, in words
 * @property {(scene: Scene) => Float32Array | undefined} placeGenerated where the generated samples are, interleaved
 */

/** @type {Picture} */
const PLANE = {
  layers: LAYERS,
  chosen: CHOSEN,
  frame: (box) => box,
  hold: (box) => box,
  keys: "Arrow keys move the view, plus and minus zoom, 0 shows all of it again.",
  placeGenerated: ({ arrays }) => arrays.x_fake?.data,
};

/** @type {Picture} */
const LINE = {
  layers: LINE_LAYERS,
  chosen: { ...CHOSEN, draw: drawChosen },
  frame: framePicture,
  // Densities begin at nothing, and the strips have no scale: only x is looked at closer.
  hold: ([x0, x1], [, , y0, y1]) => [x0, x1, y0, y1],
  keys: "The arrow keys left and right move the view along x, plus and minus zoom, 0 shows all of it again.",
  placeGenerated,
};

/**
 * @param {number} dimension
 * @returns {Picture}
 */
export function findPicture(dimension) {
  return dimension === 1 ? LINE : PLANE;
}
