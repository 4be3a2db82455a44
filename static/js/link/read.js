/** A link's fragment as a run: its settings, its changes, where it stands and what is seen of it. */

import { beginsRun } from "../controls/configs.js";
import { CHECKBOX_ORDER } from "../layers/layers.js";
import { MOST_LEGS } from "./course.js";
import { applyEntries, describeProblem, diffConfigs } from "./entries.js";
import { splitFragment } from "./fragment.js";
import { isOption, readNames, readOptions } from "./options.js";

/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").LayerKey} LayerKey */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("./course.js").Leg} Leg */
/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./options.js").Options} Options */

/**
 * What a link asks for. `layers` and `view` are none where it does not say; `problems` names what could not be taken.
 *
 * @typedef {object} Link
 * @property {RunConfig} config What the run begins with.
 * @property {Leg[]} legs Its changes, in their order, none after `step`.
 * @property {number} step Where it rests.
 * @property {LayerKey[] | null} layers
 * @property {Box | null} view
 * @property {Options} options
 * @property {string[]} problems
 */

/** As far as a run may be asked to play. */
const LAST_STEP = 10_000_000;
const CHANGE = /^at\.(\d+)$/;
const LAYERS = Object.fromEntries(CHECKBOX_ORDER.map((key) => [key, key]));

/**
 * Read a fragment. Nothing of it is lost for what is wrong in another part.
 *
 * @param {string} fragment with or without its sign
 * @param {Catalog} catalog
 * @returns {Link}
 */
export function readLink(fragment, catalog) {
  const entries = splitFragment(fragment);
  const { options, problems } = readOptions(entries);
  /** @param {string} key The last entry of that key. */
  const find = (key) => entries.findLast((entry) => entry[0] === key)?.[1] ?? null;
  const isOwn = (/** @type {Entry} */ [key]) => isOption(key) || ["step", "layers", "view", "preset"].includes(key);
  const settings = entries.filter((entry) => !isOwn(entry) && !CHANGE.test(entry[0]));
  const begun = applyEntries(readPreset(find("preset"), catalog, problems), settings, catalog);
  problems.push(...begun.problems);
  const step = readStep(find("step"), problems);
  return {
    config: begun.config,
    legs: readChanges(entries, begun.config, step, catalog, problems),
    step,
    layers: readLayers(find("layers"), problems),
    view: readView(find("view"), problems),
    options,
    problems,
  };
}

/**
 * What a fragment says of the picture; what is wrong with it, `readLink` tells.
 *
 * @param {string} fragment with or without its sign
 * @returns {Pick<Link, "layers" | "view">}
 */
export function readLook(fragment) {
  const entries = new Map(splitFragment(fragment));
  return { layers: readLayers(entries.get("layers") ?? null, []), view: readView(entries.get("view") ?? null, []) };
}

/**
 * The settings that a link begins with: a preset's, or the lab's.
 *
 * @param {string | null} text
 * @param {Catalog} catalog
 * @param {string[]} problems grows
 */
function readPreset(text, { presets, run }, problems) {
  const preset = presets.find(({ key }) => key === text);
  if (text !== null && !preset) {
    problems.push(describeProblem("preset", text, `expected one of ${presets.map(({ key }) => key).join(", ")}`));
  }
  return preset?.config ?? run.defaults;
}

/**
 * @param {string | null} text
 * @param {string[]} problems grows
 */
function readStep(text, problems) {
  if (text === null) return 0;
  if (/^\d+$/.test(text) && Number(text) <= LAST_STEP) return Number(text);
  problems.push(describeProblem("step", text, `expected a whole number from 0 to ${LAST_STEP}`));
  return 0;
}

/**
 * @param {readonly Entry[]} entries
 * @param {RunConfig} begun
 * @param {number} last The step where the run rests.
 * @param {Catalog} catalog
 * @param {string[]} problems grows
 * @returns {Leg[]}
 */
function readChanges(entries, begun, last, catalog, problems) {
  const changes = entries.filter(([key]) => CHANGE.test(key));
  const stepOf = (/** @type {Entry} */ [key]) => Number(CHANGE.exec(key)?.[1]);
  /** @type {Leg[]} */
  const legs = [];
  for (const change of changes.toSorted((a, b) => stepOf(a) - stepOf(b))) {
    const [key, text] = change;
    const before = legs.at(-1)?.config ?? begun;
    const { config, problems: wrong } = applyEntries(before, splitChange(text), catalog);
    problems.push(...wrong.map((words) => `${key}: ${words}`));
    const problem = judgeChange(stepOf(change), listChanged(before, config, catalog), legs, last, catalog);
    if (problem) problems.push(describeProblem(key, text, problem));
    else legs.push({ step: stepOf(change), config });
  }
  return legs;
}

/**
 * The dotted paths at which two descriptions differ; a technique that is on in one of them has its own.
 *
 * @param {RunConfig} before
 * @param {RunConfig} after
 * @param {Catalog} catalog
 * @returns {string[]}
 */
function listChanged(before, after, catalog) {
  const names = [...before.techniques, ...after.techniques].map(({ name }) => name);
  const switched = names.filter((name) => names.indexOf(name) === names.lastIndexOf(name));
  return [...diffConfigs(before, after, catalog).map(([path]) => path), ...switched.map((name) => `techniques.${name}`)];
}

/**
 * What is wrong with a change on the way, or "" where nothing is.
 *
 * @param {number} step
 * @param {readonly string[]} changed Paths.
 * @param {readonly Leg[]} legs The changes before it.
 * @param {number} last
 * @param {Catalog} catalog
 */
function judgeChange(step, changed, legs, last, catalog) {
  const restarting = changed.find((path) => beginsRun(path, catalog));
  if (step > last) return `expected a change up to step ${last}, where the link leads`;
  if (legs.length === MOST_LEGS) return `expected at most ${MOST_LEGS} changes`;
  return restarting ? `a change of ${restarting} begins a new run` : "";
}

/**
 * @param {string} text key:value;key:value
 * @returns {Entry[]}
 */
function splitChange(text) {
  return text.split(";").map((part) => {
    const [key = "", ...rest] = part.split(":");
    return [key, rest.join(":")];
  });
}

/**
 * @param {string | null} text
 * @param {string[]} problems grows
 * @returns {LayerKey[] | null}
 */
function readLayers(text, problems) {
  return text === null ? null : /** @type {LayerKey[]} */ (readNames("layers", text, LAYERS, problems));
}

/**
 * @param {string | null} text
 * @param {string[]} problems grows
 * @returns {Box | null}
 */
function readView(text, problems) {
  if (text === null) return null;
  const edges = text.split(",").map((edge) => (edge.trim() === "" ? NaN : Number(edge)));
  const [x0 = NaN, x1 = NaN, y0 = NaN, y1 = NaN] = edges;
  if (edges.length === 4 && edges.every(Number.isFinite) && x0 < x1 && y0 < y1) return [x0, x1, y0, y1];
  problems.push(describeProblem("view", text, "expected x0,x1,y0,y1: left, right, lower and upper edge"));
  return null;
}
