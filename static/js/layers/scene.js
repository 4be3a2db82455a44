/** The scene of a page's state: what the layers may look at. */

import { measureDimension } from "./dimension.js";
import { formatNumber } from "./numbers.js";
import { createScoreScale, findScoreRule } from "./score.js";
import { explainAbsence } from "./switch.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("../state.js").LayerKey} LayerKey */
/** @typedef {import("../state.js").PageState} PageState */

/** What a frame has of each layer that some runs cannot have. @type {Readonly<Partial<Record<LayerKey, readonly string[]>>>} */
const ARRAYS = {
  averaged: ["x_averaged"],
  refined: ["x_refined"],
  reconstructed: ["x_reconstructed"],
  encoded: ["z_real"],
  predictions: ["real_logits", "fake_logits"],
  surface: ["surface"],
  optimum: ["optimal_surface", "optimal_gap"],
  warp: ["warp", "warp_noise"],
  streams: ["streams"],
  gradients: ["gradients"],
  d_gradients: ["surface_change"],
  density: ["density"],
};

/**
 * Make the scene of the newest frame.
 * @param {Readonly<Pick<PageState, "frame" | "catalog" | "config"> & Partial<Pick<PageState, "chosen">>>} state
 * @returns {Scene | null} none before the first frame
 */
export function buildScene({ frame, catalog, config, chosen = null }) {
  if (!frame) return null;
  const arrays = leaveOutEnded(frame.arrays, { catalog, config });
  const score = createScoreScale(findScoreRule(catalog, config), arrays.surface?.data ?? []);
  const company = describeCompany({ catalog, config });
  const renewal = describeRenewal({ catalog, config });
  const { box, samples } = frame;
  return { arrays, samples, dimension: measureDimension(frame.arrays), box, score, company, renewal, chosen };
}

/**
 * Leave out the layers that the run cannot have now: a setting changed while it runs ends what the server sends of
 * them, and the last of it stays in the frame.
 * @param {Scene["arrays"]} arrays
 * @param {Readonly<Pick<PageState, "catalog" | "config">>} run
 * @returns {Scene["arrays"]}
 */
function leaveOutEnded(arrays, run) {
  const layers = /** @type {[LayerKey, readonly string[]][]} */ (Object.entries(ARRAYS));
  const ended = new Set(layers.flatMap(([key, names]) => (explainAbsence(run, key) ? names : [])));
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => !ended.has(name)));
}

/**
 * Say beside what a place of the surface is scored; nothing where the discriminator reads a point alone.
 * @param {Readonly<Pick<PageState, "catalog" | "config">>} run
 * @returns {string}
 */
function describeCompany({ catalog, config }) {
  for (const { key, company, compares, packs, level, encodes } of catalog?.techniques ?? []) {
    const on = config?.techniques.find(({ name }) => name === key);
    if (on && level) return `The discriminator is told ${level}: a place is scored at 0, as a point that is left as it is`;
    if (on && encodes) return "The discriminator judges a point and its noise together: a place is scored with the noise that the encoder answers it with";
    if (on && compares) return "The discriminator compares the points of a batch: a place is scored as it is compared with the samples generated now";
    if (!on || !company) continue;
    if (!packs) return "The discriminator is told how widely the samples are spread: a place is scored as one of those generated now";
    const size = Number(on[packs]);
    const others = size === 2 ? "1 generated sample" : `${size - 1} generated samples`;
    return `The discriminator sees ${size} points at once: a place is scored beside ${others}, the mean over several such groups`;
  }
  return "";
}

/**
 * Say what the real samples are where a technique replaces them; nothing where they stay.
 * @param {Readonly<Pick<PageState, "catalog" | "config">>} run
 * @returns {string}
 */
function describeRenewal({ catalog, config }) {
  const keys = (catalog?.techniques ?? []).filter((unit) => unit.renews_data).map(({ key }) => key);
  const on = config?.techniques.find(({ name }) => keys.includes(name));
  if (!on) return "";
  const share = formatNumber(100 * Number(on.share));
  return `Real samples are those that are taken for real now: every ${on.k} steps generated ones replace them, but for ${share} % of the first`;
}

/**
 * What a picture of these arrays depends on: while all of it stays the same, so does the picture.
 * @param {Scene} scene
 * @param {readonly string[]} names
 * @returns {unknown[]}
 */
export function listDependencies({ arrays, dimension, box, score }, names) {
  return [...names.map((name) => arrays[name]), dimension, ...box, score.name, ...score.ends];
}
