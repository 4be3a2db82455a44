/** Switching layers on and off: checkboxes, words and nodes all go through here, so none can disagree. */

import { findDimension } from "./dimension.js";
import { explainNoPart, findLoss, hasCodes, hasEncoder, isGame, pricesSamples } from "./game.js";
import { GROUNDS } from "./layers.js";

/** @typedef {import("./layers.js").PictureKey} PictureKey */
/** @typedef {import("../state.js").LayerKey} LayerKey */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @param {PageStore} store
 * @param {PictureKey} key
 * @param {boolean} on
 */
export function switchLayer(store, key, on) {
  const layersOn = new Set(store.get().layersOn);
  // The ground that is switched off may stand in for another: then that one goes.
  if (GROUNDS.includes(key)) for (const ground of GROUNDS) layersOn.delete(ground);
  if (on) layersOn.add(key);
  else layersOn.delete(key);
  store.set({ layersOn });
}

/** @typedef {Readonly<Pick<PageState, "catalog" | "config">>} Run */

/**
 * List the layers that are shown: those switched on, but the discriminator that learns for a best one that is not known.
 * @param {Run & Readonly<Pick<PageState, "layersOn">>} state
 * @returns {ReadonlySet<LayerKey>}
 */
export function listShown({ layersOn, ...run }) {
  if (!layersOn.has("optimum") || !explainAbsence(run, "optimum")) return layersOn;
  const shown = new Set(layersOn);
  shown.delete("optimum");
  return shown.add("surface");
}

/**
 * Say why a layer cannot be shown for this run; nothing where it can.
 * @param {Run} run
 * @param {LayerKey} key
 * @returns {string}
 */
export function explainAbsence(run, key) {
  if (key === "averaged" && !findUnit(run, ({ averaged }) => Boolean(averaged))) {
    return "No average of the generator is kept: the settings have it among the techniques.";
  }
  if (key === "refined" && !findUnit(run, ({ refines }) => Boolean(refines))) {
    return "No technique draws samples in another way: the settings have some among the techniques.";
  }
  if ((key === "encoded" || (key === "reconstructed" && !hasCodes(run))) && !hasEncoder(run)) {
    return "No encoder is trained: the settings have one among the techniques.";
  }
  if (key === "warp") return explainNoGrid(run);
  if (key === "surface" || key === "predictions" || key === "d_gradients") return explainNoPart(run);
  if (key === "gradients") return pricesSamples(run) ? "" : "This loss prices no sample, so none is pulled anywhere.";
  if (key === "streams") return explainNoStreams(run);
  if (key === "density") return explainUnknownDensity(run);
  return key === "optimum" ? explainUnknownOptimum(run) : "";
}

/** @param {Run} run */
function explainNoStreams(run) {
  if (!findLoss(run)?.moves_noise) return "The generator turns noise into samples at once: there are no ways between them.";
  return findDimension(run) === 1 ? "The ways of samples from their noise are drawn in the plane alone." : "";
}

/** @param {Run} run */
function explainNoGrid({ catalog, config }) {
  const noise = catalog?.latents.find((unit) => unit.key === config?.latent.name);
  return noise?.has_lattice === false ? `There is no grid of equally likely cells over the noise ${noise.label}.` : "";
}

/** @param {Run} run */
function explainUnknownDensity({ catalog, config }) {
  const data = catalog?.datasets.find((unit) => unit.key === config?.data.name);
  return data?.has_density === false ? `The density of ${data.label} is not known: there are samples only.` : "";
}

/** @param {Run} run */
function explainUnknownOptimum(run) {
  if (!isGame(run)) return explainNoPart(run);
  const loss = run.catalog?.losses.find((unit) => unit.key === run.config?.loss.name);
  if (loss && !loss.optimum) return `The best discriminator for the loss ${loss.label} is not shown.`;
  const mover = findUnit(run, ({ moves_optimum }) => Boolean(moves_optimum));
  return mover ? `With ${mover.label} another discriminator is the best one; it is not shown.` : explainUnknownDensity(run);
}

/**
 * Find the first regularizer or technique that a run has on and that is wanted.
 * @param {Run} run
 * @param {(unit: import("../state.js").UnitFacts) => boolean} isWanted
 */
function findUnit({ catalog, config }, isWanted) {
  for (const section of /** @type {const} */ (["regularizers", "techniques"])) {
    const on = config?.[section].map(({ name }) => name) ?? [];
    const unit = catalog?.[section].find((candidate) => on.includes(candidate.key) && isWanted(candidate));
    if (unit) return unit;
  }
  return undefined;
}
