/**
 * How the discriminator's output d is read, by the loss it is trained with: a high d always means real.
 *
 * A position lies between -1 (scored fake) and 1 (scored real); 0 is undecided.
 */

import { findQuantile, formatNumber } from "./numbers.js";

/**
 * @typedef {{kind: "probability"} | {kind: "target", fake: number, real: number} | {kind: "relative"}} ScoreRule
 *
 * @typedef {object} ScoreScale
 * @property {(d: number) => number} place the position of an output
 * @property {(d: number) => number} read the output as the number that is shown: a probability where d stands for one
 * @property {string} name what that number is
 * @property {readonly [string, string, string]} ends the numbers at positions -1, 0 and 1
 * @property {boolean} isFixed whether they are the same for every discriminator
 */

/** @type {ScoreScale} */
const PROBABILITY = {
  place: (d) => Math.tanh(d / 2),
  read: (d) => 1 / (1 + Math.exp(-d)),
  name: "probability of being real",
  ends: ["0", "0.5", "1"],
  isFixed: true,
};

/**
 * Make the scale for a rule of the catalogue.
 * @param {ScoreRule} rule
 * @param {ArrayLike<number>} outputs the outputs in view; a relative rule is read against them
 * @returns {ScoreScale}
 */
export function createScoreScale(rule, outputs) {
  if (rule.kind === "target") return createLinearScale((rule.fake + rule.real) / 2, (rule.real - rule.fake) / 2, true);
  if (rule.kind === "probability") return PROBABILITY;
  const middle = findQuantile(Array.from(outputs), 0.5) || 0;
  const distances = Array.from(outputs, (d) => Math.abs(d - middle));
  return createLinearScale(middle, findQuantile(distances, 0.95) || 1, false);
}

/**
 * @param {number} middle the output at position 0
 * @param {number} reach the distance from there to position 1
 * @param {boolean} isFixed
 * @returns {ScoreScale}
 */
function createLinearScale(middle, reach, isFixed) {
  return {
    place: (d) => Math.max(-1, Math.min(1, (d - middle) / reach)),
    read: (d) => d,
    name: "score",
    ends: [formatNumber(middle - reach), formatNumber(middle), formatNumber(middle + reach)],
    isFixed,
  };
}

/**
 * Find the rule of the loss that a run is trained with; the catalogue's facts decide.
 * @param {{losses?: readonly {key: string, score?: ScoreRule}[]} | null | undefined} catalog
 * @param {{loss?: {name?: string}} | null | undefined} config
 * @returns {ScoreRule}
 */
export function findScoreRule(catalog, config) {
  const loss = catalog?.losses?.find((unit) => unit.key === config?.loss?.name);
  return loss?.score ?? { kind: "relative" };
}

/**
 * Say how an output is read, in words.
 * @param {ScoreScale} scale
 * @param {number} d
 */
export function describeScore(scale, d) {
  const position = scale.place(d);
  const verdict = position > 0.2 ? "scored real" : position < -0.2 ? "scored fake" : "undecided";
  return `${scale.name} ${formatNumber(scale.read(d))} (${verdict})`;
}
