/** Numbers as a reader sees and types them: their text, their range, their place on a slider. */

import { formatCount } from "../layers/numbers.js";

/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {Pick<NumberFacts, "minimum" | "maximum" | "integer" | "scale">} Range */

/** A whole number as the page writes a large one. */
const IN_GROUPS = /^\d{1,3}(,\d{3})+$/;
/** How many positions a slider has that is not counted in whole steps. */
export const POSITIONS = 1000;

/**
 * A rate with a digit after the point where it is small: 842, 9.5.
 *
 * @param {number} rate
 */
export function formatRate(rate) {
  return rate > 0 && rate < 99.95 ? rate.toFixed(1) : formatCount(rate);
}

/**
 * A number as it stands in its field: the shortest text that reads back as the same number.
 *
 * @param {number} value
 */
export function formatNumber(value) {
  const plain = String(value);
  return plain.includes("e") ? value.toFixed(10).replace(/\.?0+$/, "") : plain;
}

/**
 * What a text means as a value of the parameter: the number, or what is wrong with it.
 *
 * @param {string} text
 * @param {Range} range
 * @returns {{value: number, problem: ""} | {value: null, problem: string}}
 */
export function readNumber(text, { minimum, maximum, integer }) {
  const typed = text.trim();
  const value = typed === "" ? NaN : Number(integer && IN_GROUPS.test(typed) ? typed.replaceAll(",", "") : typed);
  const good = Number.isFinite(value) && value >= minimum && value <= maximum && (!integer || Number.isInteger(value));
  if (good) return { value, problem: "" };
  const kind = integer ? "a whole number" : "a number";
  const point = !integer && text.includes(",") ? ", with a point and no comma" : "";
  return { value: null, problem: `Give ${kind} from ${formatNumber(minimum)} to ${formatNumber(maximum)}${point}.` };
}

/**
 * Where a value stands on its slider, from 0 to `POSITIONS`.
 *
 * @param {number} value
 * @param {Range} range
 */
export function toPosition(value, range) {
  const { minimum, maximum, scale } = range;
  const offset = getOffset(range);
  const part =
    scale === "log"
      ? Math.log((value + offset) / (minimum + offset)) / Math.log((maximum + offset) / (minimum + offset))
      : (value - minimum) / (maximum - minimum);
  return Math.round(POSITIONS * part);
}

/**
 * The value at a slider's position: the ends exactly, and between them a number with two digits that count
 * (three on a linear scale), since nobody wants a learning rate of 0.0010471285480509.
 *
 * @param {number} position
 * @param {Range} range
 */
export function toValue(position, range) {
  const { minimum, maximum, integer, scale } = range;
  if (position <= 0) return minimum;
  if (position >= POSITIONS) return maximum;
  const part = position / POSITIONS;
  const offset = getOffset(range);
  const value =
    scale === "log"
      ? (minimum + offset) * ((maximum + offset) / (minimum + offset)) ** part - offset
      : minimum + (maximum - minimum) * part;
  if (integer) return Math.round(value);
  return Math.min(maximum, Math.max(minimum, Number(value.toPrecision(scale === "log" ? 2 : 3))));
}

/**
 * What is added to every number of a log scale: 1 where it begins at 0, which has no logarithm.
 *
 * @param {Range} range
 */
function getOffset({ minimum }) {
  return minimum > 0 ? 0 : 1;
}
