/** The scene of a page's state: what the layers may look at. */

import { createScoreScale, findScoreRule } from "./score.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("../state.js").PageState} PageState */

/**
 * Make the scene of the newest frame.
 * @param {Readonly<Pick<PageState, "frame" | "catalog" | "config"> & Partial<Pick<PageState, "chosen">>>} state
 * @returns {Scene | null} none before the first frame
 */
export function buildScene({ frame, catalog, config, chosen = null }) {
  if (!frame) return null;
  const outputs = frame.arrays.surface?.data ?? [];
  const score = createScoreScale(findScoreRule(catalog, config), outputs);
  return { arrays: frame.arrays, box: frame.box, score, chosen };
}

/**
 * What a picture of these arrays depends on: while all of it stays the same, so does the picture.
 * @param {Scene} scene
 * @param {readonly string[]} names
 * @returns {unknown[]}
 */
export function listDependencies({ arrays, box, score }, names) {
  return [...names.map((name) => arrays[name]), ...box, score.name, ...score.ends];
}
