/** What the page calls the parts of a run that its description names by keys and dotted paths. */

import { readPath } from "./configs.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */
/** @typedef {import("../state.js").UnitKind} UnitKind */

/** @type {Readonly<Record<string, string>>} */
const OWNERS = Object.freeze({
  generator: " of the generator",
  discriminator: " of the discriminator",
  g_optimizer: " of the generator",
  d_optimizer: " of the discriminator",
});
/** @type {Readonly<Record<string, string>>} */
const SECTIONS = Object.freeze({
  data: "data set",
  latent: "noise",
  loss: "loss",
  g_optimizer: "optimizer",
  d_optimizer: "optimizer",
});

/**
 * The label of a dotted path, small, as it stands inside a sentence; the key itself where nothing is known of it.
 * Units of a section may call the same key by different labels: the one that the run has is asked first.
 *
 * @param {string} path
 * @param {Catalog | null} catalog
 * @param {RunConfig | null} config the run that has this place; null where that is not known
 */
export function namePlace(path, catalog, config) {
  const [section = "", key = ""] = path.split(".");
  const label = findLabel(section, key, catalog, config).toLowerCase();
  // A network as a whole is nobody's part: "generator", and not "generator of the generator".
  return label === section ? label : `${label}${OWNERS[section] ?? ""}`;
}

/**
 * @param {string} section
 * @param {string} key
 * @param {Catalog | null} catalog
 * @param {RunConfig | null} config
 * @returns {string}
 */
function findLabel(section, key, catalog, config) {
  const whole = SECTIONS[section] ?? section;
  if (key === "name") return whole;
  if (key === "activation") return "activation";
  const { numbers = [], network = [], output, init, init_gain } = catalog?.run ?? {};
  const units = listUnits(section, catalog);
  const name = readPath(config, `${section}.name`);
  const own = units.filter((unit) => unit.key === name);
  const parameters = [...own, ...units].flatMap((unit) => unit.parameters);
  const places = [...numbers, ...network, output, init, init_gain, ...parameters];
  return places.find((facts) => facts?.key === (key || section))?.label ?? (key || whole);
}

/**
 * The units that a section of the description chooses from; a list of units is called as their kind is.
 *
 * @param {string} section
 * @param {Catalog | null} catalog
 * @returns {readonly UnitFacts[]}
 */
export function listUnits(section, catalog) {
  const kind = catalog?.run.sections[section] ?? /** @type {UnitKind} */ (section);
  return catalog?.[kind] ?? [];
}

/**
 * The units that may stand at a dotted path; none where something else stands there.
 *
 * @param {string} path
 * @param {Catalog | null} catalog
 * @returns {readonly UnitFacts[]}
 */
export function listChoices(path, catalog) {
  const [section = "", ...keys] = path.split(".");
  const key = keys.at(-1);
  if (key === "activation") return catalog?.activations ?? [];
  if (key === "init") return catalog?.inits ?? [];
  return key === "name" ? listUnits(section, catalog) : [];
}

/** @param {string} text */
export function capitalise(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
