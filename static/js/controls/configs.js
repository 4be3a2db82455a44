/** Changes of a run's description: plain data in, new plain data out. */

/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../socket.js").Lab} Lab */
/** @typedef {(config: RunConfig) => RunConfig} Edit */
/** @typedef {(edit: Edit) => Promise<void>} Change Ask the server for a changed run; rejects with what was refused. */

/**
 * The value at a dotted path, or undefined where there is none.
 *
 * @param {RunConfig} config
 * @param {string} path
 * @returns {unknown}
 */
export function readPath(config, path) {
  /** @type {any} */
  let place = config;
  for (const part of path.split(".")) place = place?.[part];
  return place;
}

/**
 * The same run with another value at a dotted path; another unit (`loss.name`) comes with its own defaults.
 *
 * @param {RunConfig} config
 * @param {string} path
 * @param {unknown} value
 * @returns {RunConfig}
 */
export function assignPath(config, path, value) {
  const [section = "", key] = path.split(".");
  if (key === undefined) return { ...config, [section]: value };
  if (key === "name") return { ...config, [section]: { name: value } };
  return { ...config, [section]: { .../** @type {any} */ (config)[section], [key]: value } };
}

/**
 * The key of the preset that describes exactly this run, if any does.
 *
 * @param {RunConfig} config
 * @param {Catalog} catalog
 * @returns {string | null}
 */
export function findPreset(config, catalog) {
  const wanted = canonical(config);
  return catalog.presets.find((preset) => canonical(preset.config) === wanted)?.key ?? null;
}

/**
 * Ask for changes one after another, each based on the one before it, even while that is still on its way.
 *
 * @param {PageStore} store
 * @param {Lab} lab
 * @returns {Change}
 */
export function createChange(store, lab) {
  /** @type {RunConfig | null} */
  let newest = null;
  let underway = 0;
  return async function change(edit) {
    const base = newest ?? store.get().config;
    if (!base) return;
    newest = edit(base);
    underway += 1;
    try {
      await lab.command({ type: "configure", config: newest });
    } finally {
      underway -= 1;
      if (underway === 0) newest = null;
    }
  };
}

/**
 * The same text for the same description, whatever the order of its keys.
 *
 * @param {unknown} value
 * @returns {string}
 */
function canonical(value) {
  return JSON.stringify(value, (_key, inner) =>
    Object(inner) === inner && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
