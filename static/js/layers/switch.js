/** Switching layers on and off: checkboxes, words and nodes all go through here, so none can disagree. */

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
  if (on) layersOn.add(key);
  else layersOn.delete(key);
  store.set({ layersOn });
}

/**
 * Say why a layer cannot be shown for this run; nothing where it can.
 * @param {Readonly<Pick<PageState, "catalog" | "config">>} state
 * @param {PictureKey} key
 * @returns {string}
 */
export function explainAbsence({ catalog, config }, key) {
  if (key === "averaged") {
    const keepers = catalog?.techniques.filter(({ averaged }) => averaged).map(({ key }) => key) ?? [];
    return config?.techniques.some(({ name }) => keepers.includes(name)) ? "" : "No average of the generator is kept: the settings have it among the techniques.";
  }
  if (key !== "density") return "";
  const data = catalog?.datasets.find((unit) => unit.key === config?.data.name);
  return data?.has_density === false ? `The density of ${data.label} is not known: there are samples only.` : "";
}
