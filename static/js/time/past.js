/** Where the run stands in what is recorded of it, in numbers and in words. */

import { formatCount } from "../layers/numbers.js";
import { countBelow } from "../sorted.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").Status} Status */

/** How many steps before a break the way back leads: where it began to go wrong is seldom the step before. */
const BEFORE_BREAK = 50;

/**
 * The step that the run went back to; none where it stands at the end of what is recorded.
 *
 * @param {Pick<PageState, "status">} state
 * @returns {number | null}
 */
export function findPastStep({ status }) {
  return status && status.step < status.head ? status.step : null;
}

/**
 * Each player's last loss where the run stands.
 *
 * @param {Pick<PageState, "status" | "history">} state
 */
export function readLosses({ status, history }) {
  const past = findPastStep({ status });
  return past === null ? history.last : history.lossesAt(past);
}

/**
 * A metric's value where the run stands, as it was measured last; NaN where it has none.
 *
 * @param {Pick<PageState, "status">} state
 * @param {{steps: Float64Array, values: Float64Array} | undefined} metric
 */
export function readMetric({ status }, metric) {
  if (!metric) return NaN;
  const past = findPastStep({ status });
  const count = past === null ? metric.steps.length : countBelow(metric.steps, past + 1);
  return metric.values[count - 1] ?? NaN;
}

/**
 * What a reader should know who went back.
 *
 * @param {Pick<Status, "step" | "head">} status
 */
export function describePast({ step, head }) {
  return `You are at step ${formatCount(step)} of ${formatCount(head)}. Play shows what happened; a change begins a branch.`;
}

/**
 * The present step as the timeline's slider says it.
 *
 * @param {number} step
 * @param {number} head
 */
export function describePosition(step, head) {
  return `step ${formatCount(step)} of ${formatCount(head)}`;
}

/**
 * The step to go back to from a run that broke; none where nothing is broken, or there is no way but to begin again.
 *
 * @param {Status | null} status
 * @returns {number | null}
 */
export function chooseEscape(status) {
  if (status?.state !== "failed" || !status.failure?.player) return null;
  return Math.max(status.first, status.failure.step - BEFORE_BREAK);
}
