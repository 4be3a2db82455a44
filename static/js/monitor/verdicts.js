/** What the monitor has said of the present branch, in words; no document here. */

import { assignPath } from "../controls/configs.js";
import { formatNumber } from "../layers/numbers.js";

/** @typedef {import("../protocol.js").Verdict} Verdict */
/** @typedef {import("../protocol.js").Remedy} Remedy */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").RunConfig} RunConfig */

/** How many steps before it began a remedy sets in: where it began to go wrong is seldom the step before. */
const BEFORE = 50;

/**
 * What tells a verdict from all others of the page's branches.
 *
 * @param {Verdict} verdict
 * @param {string} branch
 */
export function identify({ kind, step }, branch) {
  return `${branch} ${kind} ${step}`;
}

/**
 * The name of what is wrong.
 *
 * @param {Verdict} verdict
 * @param {Catalog | null} catalog
 */
export function nameVerdict({ kind }, catalog) {
  return catalog?.symptoms.find(({ key }) => key === kind)?.label ?? kind.replaceAll("_", " ");
}

/**
 * The numbers that show it: in words what each is, and its value.
 *
 * @param {Verdict} verdict
 * @param {Catalog | null} catalog
 * @returns {{label: string, value: string}[]}
 */
export function listEvidence({ kind, evidence }, catalog) {
  const words = catalog?.symptoms.find(({ key }) => key === kind)?.evidence ?? {};
  return Object.entries(evidence).map(([key, value]) => ({ label: words[key] ?? key, value: formatNumber(value) }));
}

/**
 * The step from which a remedy is tried: before it began, and not before the settings were last changed.
 *
 * @param {Verdict} verdict
 * @param {Pick<PageState, "status" | "marks">} state
 */
export function chooseStart({ began_at, step }, { status, marks }) {
  const changed = marks.filter((mark) => mark.step <= step && Object.keys(mark.changes).length > 0).map((mark) => mark.step);
  return Math.max(status?.first ?? 0, began_at - BEFORE, ...changed);
}

/**
 * The run's settings with those of a remedy.
 *
 * @param {RunConfig} config
 * @param {Remedy} remedy
 * @returns {RunConfig}
 */
export function applyRemedy(config, { changes }) {
  return Object.entries(changes).reduce((changed, [path, value]) => assignPath(changed, path, value), config);
}
