/** Of how many numbers a point is made: of two, drawn in the plane, or of one, drawn along a line. */

import { DEFAULT_LAYERS, LINE_DEFAULT_LAYERS } from "../state.js";

/** @typedef {import("./game.js").Run} Run */
/** @typedef {import("../state.js").LayerKey} LayerKey */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./marks.js").NamedArray} NamedArray */

/** What is drawn until anything is known. */
const USUAL = 2;

/**
 * By the run's data set: for the words that are there before the first frame.
 * @param {Run} run
 * @returns {number}
 */
export function findDimension({ catalog, config }) {
  return catalog?.datasets.find(({ key }) => key === config?.data.name)?.dimension ?? USUAL;
}

/**
 * By a frame's own points: a frame of a new run may come before the words of its settings.
 * @param {Readonly<Record<string, NamedArray | undefined>>} arrays
 * @returns {number}
 */
export function measureDimension({ x_fake, x_real }) {
  return (x_fake ?? x_real)?.shape[1] ?? USUAL;
}

/**
 * The layers that are switched on when nobody has chosen.
 * @param {number} dimension
 * @returns {readonly LayerKey[]}
 */
export function listDefaults(dimension) {
  return /** @type {readonly LayerKey[]} */ (dimension === 1 ? LINE_DEFAULT_LAYERS : DEFAULT_LAYERS);
}

/**
 * Keep the usual layers switched on while the data sets change, until somebody has chosen others.
 * @param {PageStore} store
 * @param {{signal: AbortSignal, areChosen: boolean}} options whether those that are on now were asked for
 */
export function followDimension(store, { signal, areChosen }) {
  /** @type {number | null} */
  let former = areChosen ? null : USUAL;
  store.subscribe(["catalog", "config"], ({ catalog, config, layersOn }) => {
    if (!catalog || !config) return;
    const dimension = findDimension({ catalog, config });
    const isMet = former !== null && former !== dimension && sameLayers(layersOn, listDefaults(former));
    former = dimension;
    if (isMet) store.set({ layersOn: new Set(listDefaults(dimension)) });
  }, { signal });
}

/**
 * @param {ReadonlySet<LayerKey>} some
 * @param {readonly LayerKey[]} others
 */
export function sameLayers(some, others) {
  return some.size === others.length && others.every((key) => some.has(key));
}
