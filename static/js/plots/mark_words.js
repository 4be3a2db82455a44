/** What a mark on a chart says: each change of the run in words, with the value before and after. */

import { capitalise, listChoices, listUnits, namePlace } from "../controls/labels.js";
import { formatNumber } from "../controls/numbers.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").Mark} Mark */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */

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
  const label = capitalise(namePlace(path, catalog, null));
  if (Object(before) === before || Object(after) === after) return `${label}: changed`;
  const write = (/** @type {unknown} */ value) => writeValue(path, value, catalog);
  return `${label} ${write(before)} → ${write(after)}`;
}

/**
 * What became of a list of units: which went on and off, and which of their numbers changed.
 * @param {string} section
 * @param {readonly UnitConfig[]} before
 * @param {readonly UnitConfig[]} after
 * @param {Catalog | null} catalog
 */
function describeList(section, before, after, catalog) {
  const facts = listUnits(section, catalog);
  const names = [...new Set([...before, ...after].map(({ name }) => name))];
  const phrases = names.flatMap((name) => {
    const unit = facts.find(({ key }) => key === name);
    const [old, now] = [before, after].map((units) => units.find((one) => one.name === name));
    const label = unit?.label ?? name;
    if (!old || !now) return [`${label} ${now ? "on" : "off"}`];
    return Object.keys(now).flatMap((key) => {
      const parameter = unit?.parameters.find((one) => one.key === key)?.label ?? key;
      const write = (/** @type {unknown} */ value) => writeValue(`${section}.${name}.${key}`, value, catalog);
      const words = `${label}: ${parameter.toLowerCase()} ${write(old[key])} → ${write(now[key])}`;
      return old[key] === now[key] ? [] : [words];
    });
  });
  return phrases.join("; ");
}

/**
 * @param {string} path
 * @param {unknown} value
 * @param {Catalog | null} catalog
 */
function writeValue(path, value, catalog) {
  if (typeof value === "number") return formatNumber(value).replace("-", "−");
  if (value === null || value === undefined) return "–";
  return listChoices(path, catalog).find((unit) => unit.key === value)?.label ?? String(value);
}
