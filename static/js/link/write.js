/** A run as a link's fragment: what differs from the lab's defaults, and nothing that goes without saying. */

import { findDimension, listDefaults, sameLayers } from "../layers/dimension.js";
import { formatCount } from "../layers/numbers.js";
import { traceCourse } from "./course.js";
import { diffConfigs } from "./entries.js";
import { joinEntries } from "./fragment.js";
import { writeOptions } from "./options.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").LayerKey} LayerKey */
/** @typedef {import("./course.js").Course} Course */
/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./options.js").Options} Options */

/** A longer value makes a link that mail programs break: many points, or a long drawing. */
const LONGEST_TEXT = 1_500;
/** A view is seen, not computed with: more digits would be noise in the link. */
const VIEW_DIGITS = 5;

/** The fragment without its sign, and what it leaves out. @typedef {{fragment: string, notes: string[]}} Written */

/**
 * @param {Readonly<Pick<PageState, "catalog" | "config" | "status" | "marks" | "layersOn" | "view">>} state
 * @param {Readonly<Options>} options
 * @returns {Written | null} null before there is a run
 */
export function writeLink({ catalog, config, status, marks, layersOn, view }, options) {
  if (!catalog || !config || !status) return null;
  const course = traceCourse(config, status, marks);
  const { defaults } = catalog.run;
  const isTooLong = (/** @type {Entry} */ [, text]) => text.length > LONGEST_TEXT;
  const isWhole = course.missing === null && !diffConfigs(defaults, course.base, catalog).some(isTooLong);
  const settings = diffConfigs(defaults, isWhole ? course.base : config, catalog);
  const entries = [
    ...settings.filter((entry) => !isTooLong(entry)),
    ...(isWhole ? writeCourse(course, status.step, catalog) : []),
    ...writeLook(layersOn, listDefaults(findDimension({ catalog, config })), view),
    ...writeOptions(options),
  ];
  const notes = listNotes(course.missing, settings.filter(isTooLong), config, status);
  return { fragment: joinEntries(entries), notes };
}

/**
 * @param {Course} course
 * @param {number} step
 * @param {Catalog} catalog
 * @returns {Entry[]}
 */
function writeCourse({ base, legs }, step, catalog) {
  const changes = legs.map((leg, i) => {
    const entries = diffConfigs(i === 0 ? base : legs[i - 1].config, leg.config, catalog);
    return /** @type {const} */ ([`at.${leg.step}`, entries.map(([key, text]) => `${key}:${text}`).join(";")]);
  });
  return step > 0 ? [["step", String(step)], ...changes] : [];
}

/**
 * @param {ReadonlySet<LayerKey>} layersOn
 * @param {readonly LayerKey[]} usual
 * @param {PageState["view"]} view
 * @returns {Entry[]}
 */
function writeLook(layersOn, usual, view) {
  /** @type {Entry[]} */
  const entries = [];
  if (!sameLayers(layersOn, usual)) entries.push(["layers", [...layersOn].toSorted().join(",")]);
  if (view) entries.push(["view", view.map((edge) => Number(edge.toPrecision(VIEW_DIGITS))).join(",")]);
  return entries;
}

/**
 * What a link leaves out, in words.
 *
 * @param {string | null} missing
 * @param {readonly Entry[]} tooLong
 * @param {RunConfig} config
 * @param {import("../protocol.js").Status} status
 * @returns {string[]}
 */
function listNotes(missing, tooLong, config, { state, step }) {
  const thing = config.data.name === "drawing" ? "The drawing is" : "The points are";
  const notes = tooLong.map(() => `${thing} too long for a link: save the run as a file.`);
  if (missing) notes.push(`This link opens the same settings, not the same run: ${missing}. A saved run has it all.`);
  else if (tooLong.length === 0 && state === "stepping") {
    notes.push(`A link leads to whole steps: this one opens step ${formatCount(step)}, before the phases after it.`);
  }
  return notes;
}
