/** What the page calls the parts of a run that its description names by keys and dotted paths. */

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */

const OWNERS = Object.freeze({
  generator: " of the generator",
  discriminator: " of the discriminator",
  g_optimizer: " of the generator",
  d_optimizer: " of the discriminator",
});
const SECTIONS = Object.freeze({
  data: "data set",
  latent: "noise",
  loss: "loss",
  g_optimizer: "optimizer",
  d_optimizer: "optimizer",
});

/**
 * The label of a dotted path, small, as it stands inside a sentence; the key itself where nothing is known of it.
 *
 * @param {string} path
 * @param {Catalog | null} catalog
 */
export function namePlace(path, catalog) {
  const [section = "", key = ""] = path.split(".");
  const owner = /** @type {Record<string, string>} */ (OWNERS)[section] ?? "";
  return `${findLabel(section, key, catalog).toLowerCase()}${owner}`;
}

/**
 * @param {string} section
 * @param {string} key
 * @param {Catalog | null} catalog
 * @returns {string}
 */
function findLabel(section, key, catalog) {
  if (key === "name") return /** @type {Record<string, string>} */ (SECTIONS)[section] ?? section;
  if (key === "activation") return "activation";
  const { numbers = [], network = [], output, init, init_gain } = catalog?.run ?? {};
  const own = [...numbers, ...network, output, init, init_gain].find((facts) => facts?.key === (key || section));
  const parameters = listUnits(section, catalog).flatMap((unit) => unit.parameters);
  return (own ?? parameters.find((facts) => facts.key === key))?.label ?? (key || section);
}

/**
 * The units that a section of the description chooses from.
 *
 * @param {string} section
 * @param {Catalog | null} catalog
 * @returns {readonly UnitFacts[]}
 */
export function listUnits(section, catalog) {
  const kind = catalog?.run.sections[section];
  return (kind && catalog?.[kind]) || [];
}

/** @param {string} text */
export function capitalise(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
