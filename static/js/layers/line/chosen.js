/** The generated sample that the inspector tells of, in its strip. */

import { markChosen } from "../chosen.js";
import { layFlat } from "./gradients.js";
import { placeGenerated } from "./places.js";

/**
 * @param {import("../marks.js").Scene} scene
 * @returns {import("../marks.js").Mark[]} none where no sample is chosen
 */
export function drawChosen(scene) {
  const slopes = scene.arrays.gradients?.data;
  return markChosen(scene, placeGenerated(scene), slopes && layFlat(slopes));
}
