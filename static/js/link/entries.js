/** Runs' descriptions as entries of a link: what differs from another description, by dotted key, as short text. */

import { LISTS, buildUnit, listSlots, parseText, readSlot } from "./slots.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("./slots.js").Slot} Slot */
/** @typedef {readonly [key: string, text: string]} Entry */

/** More of a wrong value than this helps nobody to see what is wrong with it. */
const LONGEST_QUOTE = 40;
const UNKNOWN = "this run has no such setting";

/**
 * What `after` has that `before` has not. Where it has another unit, that unit's own defaults go without saying.
 *
 * @param {RunConfig} before
 * @param {RunConfig} after
 * @param {Catalog} catalog
 * @returns {Entry[]}
 */
export function diffConfigs(before, after, catalog) {
  /** @param {Slot} slot */
  const identify = ({ key, scope }) => `${key} ${scope}`;
  const known = new Map(listSlots(before, catalog).map((slot) => [identify(slot), readSlot(slot)]));
  return listSlots(after, catalog).flatMap((slot) => {
    const text = readSlot(slot);
    const reference = known.get(identify(slot)) ?? readSlot({ ...slot, holder: {} });
    return text === reference ? [] : [/** @type {const} */ ([slot.key, text])];
  });
}

/**
 * The description that entries make of another one. Each that cannot be taken is named in words; the rest is taken.
 *
 * @param {RunConfig} config
 * @param {readonly Entry[]} entries
 * @param {Catalog} catalog
 * @returns {{config: RunConfig, problems: string[]}}
 */
export function applyEntries(config, entries, catalog) {
  const made = structuredClone(config);
  // First the names, which have no dot: a unit brings the places of its parameters.
  const names = entries.filter(([key]) => !key.includes("."));
  const others = entries.filter(([key]) => key.includes("."));
  /** @type {Map<Entry, string>} */
  const problems = new Map();
  for (const entry of [...names, ...others]) {
    const [key, text] = entry;
    const slot = listSlots(made, catalog).find((one) => one.key === key);
    const { value, problem } = slot ? parseText(slot.facts, text) : { value: null, problem: UNKNOWN };
    if (problem !== "") problems.set(entry, describeProblem(key, text, problem));
    else if (slot) write(slot, value, made, catalog);
  }
  return { config: made, problems: entries.flatMap((entry) => problems.get(entry) ?? []) };
}

/**
 * @param {string} key
 * @param {string} text
 * @param {string} problem
 */
export function describeProblem(key, text, problem) {
  const quote = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return `${key}=${quote}: ${problem}`;
}

/**
 * @param {Slot} slot
 * @param {unknown} value
 * @param {RunConfig} made The description that the place belongs to.
 * @param {Catalog} catalog
 */
function write({ key, facts, holder, field }, value, made, catalog) {
  const list = LISTS.find((section) => section === key);
  if (list) {
    const before = made[list];
    made[list] = /** @type {string[]} */ (value).map(
      (name) => before.find((unit) => unit.name === name) ?? buildUnit(catalog[list], name),
    );
  } else if (field === "name" && value !== holder.name) {
    const kind = /** @type {import("../state.js").UnitKind} */ (catalog.run.sections[key]);
    Object.assign(made, { [key]: buildUnit(catalog[kind], String(value)) });
  } else if (field in holder || !("default" in facts) || value !== facts.default) holder[field] = value;
}
