/** Words that the legends of the plane and of the line have in common. */

import { hasCodes } from "../layers/game.js";
import { explainAbsence } from "../layers/switch.js";

/** @typedef {import("../layers/layers.js").PictureKey} PictureKey */
/** @typedef {import("./layered_legend.js").Run} Run */
/** @typedef {import("./layered_legend.js").Words} Words */

/**
 * The words on reconstructions, which are the same in the plane and on the line.
 * @param {Pick<Words, "word" | "only">} words
 * @returns {HTMLElement[]}
 */
export function writeReconstructions({ word, only }) {
  const text = " are arrows from real samples to what the generator makes of ";
  const encoded = only((run) => !hasCodes(run), "the noise that the encoder answers them with.");
  const known = only(hasCodes, "the codes that are learned for them.");
  return [only(has("reconstructed"), " ", word("reconstructed", "Reconstructions"), text, encoded, known)];
}

/**
 * @param {PictureKey} key
 * @returns {(run: Run) => boolean} whether a run can have a layer
 */
export function has(key) {
  return (run) => explainAbsence(run, key) === "";
}
