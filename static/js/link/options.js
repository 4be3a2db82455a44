/** What a link says of the page itself: what it hides, what it locks, and whether it stands in another page's frame. */

import { describeProblem } from "./entries.js";

/** @typedef {import("./entries.js").Entry} Entry */

/** What a link can hide; static/css/link.css knows where each is. Results can not be hidden: they are what is learned from. */
export const HIDEABLE = /** @type {const} */ ({
  toolbar: "Buttons of the toolbar",
  data: "Choice of data set",
  time: "Timeline",
  settings: "Settings",
  tour: "Tour",
  view: "View menu",
  files: "Files",
});
/** What a link can lock. */
export const LOCKABLE = /** @type {const} */ ({ settings: "Settings", data: "Data and noise", seed: "Seed" });

/** @typedef {keyof typeof HIDEABLE} Hideable */
/** @typedef {keyof typeof LOCKABLE} Lockable */
/** @typedef {{hide: Hideable[], lock: Lockable[], embed: boolean}} Options */

const KEYS = ["hide", "lock", "embed"];
const RESULTS = ["overview", "layered", "metrics"];

/** @param {string} key Whether an entry of that key is about the page. */
export function isOption(key) {
  return KEYS.includes(key);
}

/**
 * What entries say of the page; each that cannot be taken is named in words, and the rest is taken.
 *
 * @param {readonly Entry[]} entries
 * @returns {{options: Options, problems: string[]}}
 */
export function readOptions(entries) {
  /** @type {Options} */
  const options = { hide: [], lock: [], embed: false };
  /** @type {string[]} */
  const problems = [];
  for (const [key, text] of entries) {
    if (key === "embed") {
      options.embed = text === "1";
      if (text !== "1" && text !== "0") problems.push(describeProblem(key, text, "expected 1 or 0"));
    }
    if (key === "hide") {
      const names = text.split(",");
      const results = names.filter((name) => RESULTS.includes(name));
      if (results.length > 0) problems.push(describeProblem(key, results.join(","), "results are always shown"));
      options.hide = readNames(key, names.filter((name) => !RESULTS.includes(name)).join(","), HIDEABLE, problems);
    }
    if (key === "lock") options.lock = readNames(key, text, LOCKABLE, problems);
  }
  return { options, problems };
}

/**
 * The names of a list that are known, each once; the others are complained of.
 *
 * @template {string} Name
 * @param {string} key
 * @param {string} text names with commas between them
 * @param {Readonly<Record<Name, unknown>>} known
 * @param {string[]} problems grows
 * @returns {Name[]}
 */
export function readNames(key, text, known, problems) {
  const names = [...new Set(text.split(",").filter((name) => name !== ""))];
  const unknown = names.filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) {
    problems.push(describeProblem(key, unknown.join(","), `expected some of ${Object.keys(known).join(", ")}`));
  }
  return /** @type {Name[]} */ (names.filter((name) => Object.hasOwn(known, name)));
}

/**
 * @param {Readonly<Options>} options
 * @returns {Entry[]}
 */
export function writeOptions({ hide, lock, embed }) {
  /** @type {Entry[]} */
  const entries = [];
  if (hide.length > 0) entries.push(["hide", hide.toSorted().join(",")]);
  if (lock.length > 0) entries.push(["lock", lock.toSorted().join(",")]);
  if (embed) entries.push(["embed", "1"]);
  return entries;
}
