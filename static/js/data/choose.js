/** Choosing a data set: what else of the run changes with it. */

/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").Catalog} Catalog */

/**
 * The run with another data set. Settings that are a preset's as it came give way to the preset of the new data set;
 * settings that the user has turned stay.
 *
 * @param {RunConfig} config
 * @param {Catalog} catalog
 * @param {string} name
 * @returns {RunConfig}
 */
export function chooseDataset(config, catalog, name) {
  const own = catalog.presets.find((preset) => preset.config.data.name === name);
  const untouched = catalog.presets.some((preset) => describeRest(preset.config) === describeRest(config));
  return own && untouched ? { ...own.config, seed: config.seed } : { ...config, data: { name } };
}

/**
 * All but the data and the seed, as text that does not depend on the order of keys.
 *
 * @param {RunConfig} config
 */
function describeRest({ data, seed, ...rest }) {
  return JSON.stringify(rest, (_key, value) =>
    Object(value) === value && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
