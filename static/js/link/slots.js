/** The places of a run's description that a link can name, each with its dotted key and what may stand there. */

import { formatNumber, readNumber } from "../controls/numbers.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("../state.js").ParameterFacts} ParameterFacts */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */
/** @typedef {Record<string, unknown>} Holder */

/** The names of some units, each once. @typedef {{type: "units", options: string[]}} UnitsFacts */
/** @typedef {Pick<import("../state.js").ChoiceFacts, "type" | "options">} NameFacts */

/**
 * `holder[field]` is what stands there. A unit is named by its section alone (`loss`), its parameters are below it
 * (`data.std`); a list of units is one place for their names (`regularizers`), and each has its parameters below its
 * own name (`regularizers.r1.gamma`). `scope` is the unit that a parameter belongs to: another one's is another place.
 *
 * @typedef {object} Slot
 * @property {string} key
 * @property {ParameterFacts | UnitsFacts | NameFacts} facts
 * @property {string} scope
 * @property {Holder} holder
 * @property {string} field
 */

const NETWORKS = /** @type {const} */ (["generator", "discriminator"]);
/** Lists of units: the config's key is that of the catalogue. */
export const LISTS = /** @type {const} */ (["regularizers", "techniques"]);

/**
 * Every place of a run's description; writing into one writes into `config`.
 *
 * @param {RunConfig} config
 * @param {Catalog} catalog
 * @returns {Slot[]}
 */
export function listSlots(config, catalog) {
  const { numbers, network, output, init, init_gain, sections } = catalog.run;
  const whole = /** @type {Holder} */ (/** @type {unknown} */ (config));
  /**
   * @param {string} section
   * @param {readonly ParameterFacts[]} parameters
   * @param {object} holder
   * @param {string} [scope]
   */
  const below = (section, parameters, holder, scope = "") =>
    parameters.map((facts) => slot(`${section}.${facts.key}`, facts, holder, facts.key, scope));
  // The catalogue gives a run's own numbers without their type: they are all numbers.
  /** @param {NumberFacts} facts */
  const asNumber = (facts) => ({ ...facts, type: /** @type {const} */ ("number") });
  const activation = nameOne(catalog.activations);
  return [
    ...numbers.map(asNumber).map((facts) => slot(facts.key, facts, whole, facts.key)),
    ...NETWORKS.flatMap((section) => [
      ...below(section, network.map(asNumber), config[section]),
      slot(`${section}.activation`, activation, config[section], "activation"),
      ...below(section, [...(section === "generator" ? [output] : []), init, init_gain], config[section]),
    ]),
    ...Object.entries(sections).flatMap(([section, kind]) => {
      const unit = /** @type {UnitConfig} */ (whole[section]);
      const { parameters } = findUnit(catalog[kind], unit.name);
      return [slot(section, nameOne(catalog[kind]), unit, "name"), ...below(section, parameters, unit, unit.name)];
    }),
    ...LISTS.flatMap((section) => [
      slot(section, { type: "units", options: catalog[section].map(({ key }) => key) }, whole, section),
      ...config[section].flatMap((unit) =>
        below(`${section}.${unit.name}`, findUnit(catalog[section], unit.name).parameters, unit, unit.name),
      ),
    ]),
  ];
}

/**
 * @param {string} key
 * @param {Slot["facts"]} facts
 * @param {object} holder
 * @param {string} field
 * @param {string} [scope]
 * @returns {Slot}
 */
function slot(key, facts, holder, field, scope = "") {
  return { key, facts, scope, holder: /** @type {Holder} */ (holder), field };
}

/** @param {readonly UnitFacts[]} units @returns {NameFacts} */
function nameOne(units) {
  return { type: "choice", options: units.map(({ key }) => key) };
}

/** @param {readonly UnitFacts[]} units @param {string} name */
function findUnit(units, name) {
  const unit = units.find(({ key }) => key === name);
  if (!unit) throw new Error(`the catalogue has no unit called ${name}`);
  return unit;
}

/**
 * A unit with the defaults of all its parameters.
 *
 * @param {readonly UnitFacts[]} units
 * @param {string} name
 * @returns {UnitConfig}
 */
export function buildUnit(units, name) {
  const parameters = findUnit(units, name).parameters.map((facts) => [facts.key, facts.default]);
  return { name, ...structuredClone(Object.fromEntries(parameters)) };
}

/**
 * What stands in a place, as text; a parameter that a description leaves out has its default.
 *
 * @param {Slot} slot
 * @returns {string}
 */
export function readSlot({ facts, holder, field }) {
  const value = holder[field] ?? ("default" in facts ? facts.default : "");
  if (facts.type === "units") return /** @type {UnitConfig[]} */ (value).map(({ name }) => name).join(",");
  return facts.type === "points" ? /** @type {number[][]} */ (value).flat().join(",") : String(value);
}

/**
 * What a text means in a place: its value, or what should stand there instead.
 *
 * @param {Slot["facts"]} facts
 * @param {string} text
 * @returns {{value: unknown, problem: ""} | {value: null, problem: string}}
 */
export function parseText(facts, text) {
  switch (facts.type) {
    case "number":
      return readNumber(text, facts).problem === ""
        ? { value: Number(text), problem: "" }
        : refuse(`${facts.integer ? "a whole number" : "a number"} ${describeRange(facts)}`);
    case "choice":
      return facts.options.includes(text) ? { value: text, problem: "" } : refuse(`one of ${facts.options.join(", ")}`);
    case "units": {
      const names = text === "" ? [] : text.split(",");
      const good = names.every((name, i) => facts.options.includes(name) && names.indexOf(name) === i);
      return good ? { value: names, problem: "" } : refuse(`some of ${facts.options.join(", ")}, each once`);
    }
    case "points":
      return parsePoints(text, /** @type {any} */ (facts));
  }
}

/**
 * @param {string} text
 * @param {{minimum: number, maximum: number}} range
 */
function parsePoints(text, range) {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const isInside = numbers.every((number) => number >= range.minimum && number <= range.maximum);
  if (!isInside || numbers.length % 2 === 1) return refuse(`points: x,y,x,y,… with numbers ${describeRange(range)}`);
  const points = numbers.flatMap((x, i) => (i % 2 ? [] : [[x, numbers[i + 1]]]));
  return { value: points, problem: /** @type {const} */ ("") };
}

/** @param {{minimum: number, maximum: number}} range */
function describeRange({ minimum, maximum }) {
  return `from ${formatNumber(minimum)} to ${formatNumber(maximum)}`;
}

/** @param {string} expected */
function refuse(expected) {
  return { value: null, problem: `expected ${expected}` };
}
