/** Where real samples on the line come back to: arrows along x, in the strip of the real samples. */

import { drawArrows, findEnds } from "../reconstructions.js";
import { framePicture, layOutStrips, spreadPoints } from "./places.js";

/** A strip is low: more arrows would be a hatching. */
const MOST = 40;

/**
 * @param {import("../marks.js").Scene} scene
 * @returns {import("../marks.js").Mark[]}
 */
export function drawReconstructions(scene) {
  const ends = findEnds(scene.arrays);
  if (!ends) return [];
  const { real } = layOutStrips(scene);
  return drawArrows(spreadPoints(ends.from.data, real), spreadPoints(ends.to.data, real), framePicture(scene.box), MOST);
}
