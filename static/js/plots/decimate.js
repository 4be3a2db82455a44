/** Fewer points for a line, without losing what the eye would see: the extremes and the gaps. */

import { countBelow } from "../sorted.js";

/**
 * @typedef {object} Line
 * @property {number[]} x
 * @property {(number | null)[]} y null where the line is broken
 */

/**
 * Thin a line to at most about `limit` points within a range of x; each stretch keeps its first and last point, its
 * lowest and its highest, and whether a value was missing.
 * @param {ArrayLike<number>} x ascending
 * @param {ArrayLike<number>} y NaN where there is no value
 * @param {number} limit
 * @param {readonly [number, number] | null} range all where there is none
 * @returns {Line}
 */
export function decimateLine(x, y, limit, range = null) {
  const [first, end] = range ? findSlice(x, range) : [0, x.length];
  /** @type {Line} */
  const line = { x: [], y: [] };
  const keep = (/** @type {number} */ i) => {
    line.x.push(x[i]);
    line.y.push(Number.isFinite(y[i]) ? y[i] : null);
  };
  if (end - first <= limit) {
    for (let i = first; i < end; i += 1) keep(i);
    return line;
  }
  const stretches = Math.max(1, Math.floor(limit / 4));
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const from = first + Math.floor(((end - first) * stretch) / stretches);
    const to = first + Math.floor(((end - first) * (stretch + 1)) / stretches);
    for (const i of chooseIndices(y, from, to)) keep(i);
  }
  return line;
}

/**
 * The indices that a stretch keeps, ascending.
 * @param {ArrayLike<number>} y
 * @param {number} from
 * @param {number} to
 */
function chooseIndices(y, from, to) {
  let [lowest, highest, missing] = [-1, -1, -1];
  for (let i = from; i < to; i += 1) {
    if (!Number.isFinite(y[i])) missing = i;
    else {
      if (lowest < 0 || y[i] < y[lowest]) lowest = i;
      if (highest < 0 || y[i] > y[highest]) highest = i;
    }
  }
  const chosen = new Set([from, lowest, highest, missing, to - 1]);
  return [...chosen].filter((i) => i >= from && i < to).sort((a, b) => a - b);
}

/**
 * The indices within a range, and one more on either side so that the line reaches the edges.
 * @param {ArrayLike<number>} x
 * @param {readonly [number, number]} range
 * @returns {[number, number]} first, and the one after the last
 */
function findSlice(x, [low, high]) {
  return [Math.max(0, countBelow(x, low) - 1), Math.min(x.length, countBelow(x, high) + 2)];
}
