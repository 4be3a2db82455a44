/** Changes of a run's description: plain data in, new plain data out. */

/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {Pick<import("../socket.js").Lab, "command">} Lab */
/** @typedef {(config: RunConfig) => RunConfig} Edit */
/** @typedef {(edit: Edit) => Promise<void>} Change Ask the server for a changed run; rejects with what was refused. */

/**
 * The value at a dotted path, or undefined where there is none.
 *
 * @param {RunConfig | null} config
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
 * Whether a change at a dotted path begins a new run: in a section that does, or of a unit that a network is built by.
 *
 * @param {string} path
 * @param {Pick<Catalog, "run" | "techniques">} catalog
 * @returns {boolean}
 */
export function beginsRun(path, { run, techniques }) {
  const [section = "", key] = path.split(".");
  const isBuilt = section === "techniques" && techniques.some((unit) => unit.key === key && unit.restarts);
  return isBuilt || run.restarting.includes(section);
}

/**
 * The same run with another value at a dotted path; another unit (`loss.name`) comes with its own defaults.
 * A list has its units by name: `regularizers.r1` is whether it has that one, `regularizers.r1.gamma` a number of it.
 *
 * @param {RunConfig} config
 * @param {string} path
 * @param {unknown} value
 * @returns {RunConfig}
 */
export function assignPath(config, path, value) {
  const [section = "", key, inner] = path.split(".");
  if (key === undefined) return { ...config, [section]: value };
  const held = readPath(config, section);
  if (Array.isArray(held)) return { ...config, [section]: assignUnit(held, key, inner, value) };
  if (key === "name") return { ...config, [section]: { name: value } };
  return { ...config, [section]: { .../** @type {any} */ (config)[section], [key]: value } };
}

/**
 * @param {readonly UnitConfig[]} units
 * @param {string} name
 * @param {string | undefined} key of a parameter; none: whether there is such a unit
 * @param {unknown} value
 * @returns {UnitConfig[]}
 */
function assignUnit(units, name, key, value) {
  if (key !== undefined) return units.map((unit) => (unit.name === name ? { ...unit, [key]: value } : unit));
  const others = units.filter((unit) => unit.name !== name);
  if (!value) return others;
  return others.length < units.length ? [...units] : [...units, { name }];
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
 * Ask for changes one after another: each waits for the answer to the one before it, so that it holds what was
 * taken of that, and nothing that was refused.
 *
 * @param {PageStore} store
 * @param {Lab} lab
 * @returns {Change}
 */
export function createChange(store, lab) {
  /** @type {Promise<void>} */
  let last = Promise.resolve();
  return function change(edit) {
    const answered = last.then(async () => {
      const { config } = store.get();
      if (!config) return;
      const asked = edit(config);
      store.set({ asked });
      await lab.command({ type: "configure", config: asked });
    });
    last = answered.catch(() => undefined);
    return answered;
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
