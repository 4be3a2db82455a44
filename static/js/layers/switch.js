/** Switching layers on and off: checkboxes, words and nodes all go through here, so none can disagree. */

import { explainNoPart } from "./game.js";
import { GROUNDS } from "./layers.js";

/** @typedef {import("./layers.js").PictureKey} PictureKey */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @param {PageStore} store
 * @param {PictureKey} key
 * @param {boolean} on
 */
export function switchLayer(store, key, on) {
  const layersOn = new Set(store.get().layersOn);
  if (on && GROUNDS.includes(key)) for (const other of GROUNDS) layersOn.delete(other);
  if (on) layersOn.add(key);
  else layersOn.delete(key);
  store.set({ layersOn });
}

/** @typedef {Readonly<Pick<PageState, "catalog" | "config">>} Run */

/**
 * Say why a layer cannot be shown for this run; nothing where it can.
 * @param {Run} run
 * @param {PictureKey} key
 * @returns {string}
 */
export function explainAbsence(run, key) {
  if (key === "averaged" && !hasTechnique(run, ({ averaged }) => Boolean(averaged))) {
    return "No average of the generator is kept: the settings have it among the techniques.";
  }
  if (key === "refined" && !hasTechnique(run, ({ refines }) => Boolean(refines))) {
    return "No technique draws samples in another way: the settings have some among the techniques.";
  }
  if (key === "warp") return explainNoGrid(run);
  if (key === "surface") return explainNoPart(run);
  if (key === "density") return explainUnknownDensity(run);
  return key === "optimum" ? explainUnknownOptimum(run) : "";
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
  const loss = run.catalog?.losses.find((unit) => unit.key === run.config?.loss.name);
  if (loss && !loss.optimum) return `No best discriminator is known for the loss ${loss.label}.`;
  if (hasTechnique(run, ({ company }) => Boolean(company))) return "The best discriminator of points in company is not shown.";
  return explainUnknownDensity(run);
}

/**
 * @param {Run} run
 * @param {(unit: import("../state.js").UnitFacts) => boolean} isWanted
 */
function hasTechnique({ catalog, config }, isWanted) {
  const wanted = catalog?.techniques.filter(isWanted).map(({ key }) => key) ?? [];
  return config?.techniques.some(({ name }) => wanted.includes(name)) ?? false;
}
