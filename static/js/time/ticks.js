/** The user's marks on the timeline: where each tick stands, and what it says. */

import { formatCount } from "../layers/numbers.js";
import { describeMark } from "../plots/mark_words.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").Mark} Mark */

/** So many marks of a tick are said in full: all of forty would be taller than the window. */
const MOST_LINES = 5;

/** A tick: the step it leads to, and the marks it stands for. @typedef {{step: number, marks: Mark[]}} Tick */

/**
 * Where a step stands on the timeline, from 0 to 1.
 *
 * @param {number} step
 * @param {readonly [number, number]} range the first step and the last
 */
export function placeStep(step, [first, last]) {
  return last > first ? Math.max(0, Math.min(1, (step - first) / (last - first))) : 0;
}

/**
 * Gather marks that stand too close to be pressed apart; a tick leads to the first of its marks.
 *
 * @param {readonly Mark[]} marks in the order of their steps
 * @param {readonly [number, number]} range the first step and the last
 * @param {number} gap the least distance between two ticks, as a part of the whole
 * @returns {Tick[]}
 */
export function gatherTicks(marks, range, gap) {
  /** @type {Tick[]} */
  const ticks = [];
  for (const mark of marks) {
    const last = ticks.at(-1);
    if (last && placeStep(mark.step, range) - placeStep(last.step, range) < gap) last.marks.push(mark);
    else ticks.push({ step: mark.step, marks: [mark] });
  }
  return ticks;
}

/**
 * One line for each mark: its step, and what was done there; of many, the first ones and how many more there are.
 *
 * @param {Tick} tick
 * @param {Catalog | null} catalog
 */
export function describeTick({ marks }, catalog) {
  const told = marks.slice(0, marks.length === MOST_LINES + 1 ? marks.length : MOST_LINES);
  const lines = told.map((mark) => `Step ${formatCount(mark.step)}: ${describeMark(mark, catalog).join(", ")}`);
  const rest = marks.length - told.length;
  return [...lines, ...(rest > 0 ? [`and ${formatCount(rest)} more`] : [])].join("\n");
}
