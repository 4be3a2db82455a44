/** What a mark on a chart says: each change of the run in words, with the value before and after. */

import { formatNumber } from "../controls/numbers.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").Mark} Mark */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../state.js").UnitKind} UnitKind */

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

/** What a mark's own words mean, where they say more than a name can. */
const PHRASES = Object.freeze({
  "discriminator alone": "The discriminator learns alone",
  "generator alone": "The generator learns alone",
});
const PLAYERS = Object.freeze({ d_updates: "discriminator", g_updates: "generator" });

/**
 * Say what was changed, one phrase a change.
 * @param {Pick<Mark, "text" | "changes">} mark
 * @param {Catalog | null} catalog the labels; without it the paths stand for themselves
 * @returns {string[]}
 */
export function describeMark({ text, changes }, catalog) {
  const entries = Object.entries(changes).filter(([path, values]) => isOwnChange(path, values, changes));
  if (entries.length === 0) return [/** @type {Record<string, string>} */ (PHRASES)[text] ?? capitalise(text)];
  return entries.map(([path, values]) => describeChange(path, values, catalog));
}

/**
 * Another unit brings its own parameters; they are no changes of their own.
 * @param {string} path
 * @param {readonly [unknown, unknown]} values
 * @param {Mark["changes"]} changes
 */
function isOwnChange(path, values, changes) {
  const [section = ""] = path.split(".");
  return path === `${section}.name` || !(`${section}.name` in changes && values.some((value) => value === null));
}

/**
 * @param {string} path
 * @param {readonly [unknown, unknown]} values
 * @param {Catalog | null} catalog
 */
function describeChange(path, [before, after], catalog) {
  const player = /** @type {Record<string, string>} */ (PLAYERS)[path];
  if (player && after === 0) return `${capitalise(player)} frozen`;
  if (player && before === 0) return `${capitalise(player)} learns again${after === 1 ? "" : `, ${after} updates a step`}`;
  if (Array.isArray(before) && Array.isArray(after)) return describeList(path, before, after, catalog);
  const [section = "", key = ""] = path.split(".");
  const owner = /** @type {Record<string, string>} */ (OWNERS)[section] ?? "";
  const label = `${findLabel(section, key, catalog).toLowerCase()}${owner}`;
  if (Object(before) === before || Object(after) === after) return `${capitalise(label)}: changed`;
  const write = (/** @type {unknown} */ value) => writeValue(section, key, value, catalog);
  return `${capitalise(label)} ${write(before)} → ${write(after)}`;
}

/**
 * What became of a list of units: which went on and off, and which of their numbers changed.
 * @param {string} section
 * @param {readonly UnitConfig[]} before
 * @param {readonly UnitConfig[]} after
 * @param {Catalog | null} catalog
 */
function describeList(section, before, after, catalog) {
  const facts = catalog?.[/** @type {UnitKind} */ (section)] ?? [];
  const names = [...new Set([...before, ...after].map(({ name }) => name))];
  const phrases = names.flatMap((name) => {
    const unit = facts.find(({ key }) => key === name);
    const [old, now] = [before, after].map((units) => units.find((one) => one.name === name));
    const label = unit?.label ?? name;
    if (!old || !now) return [`${label} ${now ? "on" : "off"}`];
    return Object.keys(now).flatMap((key) => {
      const parameter = unit?.parameters.find((one) => one.key === key)?.label ?? key;
      const write = (/** @type {unknown} */ value) => writeValue("", key, value, catalog);
      const words = `${label}: ${parameter.toLowerCase()} ${write(old[key])} → ${write(now[key])}`;
      return old[key] === now[key] ? [] : [words];
    });
  });
  return phrases.join("; ");
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
  const numbers = [...(catalog?.run.numbers ?? []), ...(catalog?.run.network ?? [])];
  const known = numbers.find((facts) => facts.key === (key || section));
  const parameters = listUnits(section, catalog).flatMap((unit) => unit.parameters);
  return (known ?? parameters.find((facts) => facts.key === key))?.label ?? (key || section);
}

/**
 * @param {string} section
 * @param {string} key
 * @param {unknown} value
 * @param {Catalog | null} catalog
 */
function writeValue(section, key, value, catalog) {
  if (typeof value === "number") return formatNumber(value).replace("-", "−");
  if (value === null || value === undefined) return "–";
  const units = key === "activation" ? (catalog?.activations ?? []) : listUnits(section, catalog);
  return units.find((unit) => unit.key === value)?.label ?? String(value);
}

/**
 * @param {string} section
 * @param {Catalog | null} catalog
 */
function listUnits(section, catalog) {
  const kind = catalog?.run.sections[section];
  return (kind && catalog?.[kind]) || [];
}

/** @param {string} text */
function capitalise(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
