/** Curves over x. */

/** @typedef {import("../marks.js").Box} Box */

/**
 * A curve through heights at evenly spaced places, the first at the left end and the last at the right one.
 * @param {ArrayLike<number>} heights
 * @param {readonly [number, number, ...unknown[]]} interval
 * @returns {Float32Array} interleaved
 */
export function traceCurve(heights, [x0, x1]) {
  const last = Math.max(heights.length - 1, 1);
  const line = new Float32Array(2 * heights.length);
  for (let i = 0; i < heights.length; i += 1) line.set([x0 + ((x1 - x0) * i) / last, heights[i]], 2 * i);
  return line;
}

/**
 * A curve through the values of cells, at their middles, and level from there to both ends.
 * @param {ArrayLike<number>} values
 * @param {readonly [number, number, ...unknown[]]} interval
 * @returns {Float32Array} interleaved, with one point more at each end
 */
export function traceCells(values, [x0, x1]) {
  const count = values.length;
  const line = new Float32Array(2 * count + 4);
  for (let i = 0; i < count; i += 1) line.set([findMiddle(i, count, [x0, x1]), values[i]], 2 * i + 2);
  line.set([x0, values[0]]);
  line.set([x1, values[count - 1]], 2 * count + 2);
  return line;
}

/**
 * The middle of a cell.
 * @param {number} i
 * @param {number} count
 * @param {readonly [number, number, ...unknown[]]} interval
 */
export function findMiddle(i, count, [x0, x1]) {
  return x0 + ((i + 0.5) * (x1 - x0)) / count;
}

/**
 * The outline of what lies between a curve and the axis.
 * @param {Float32Array} line
 * @returns {Float32Array} interleaved
 */
export function closeCurve(line) {
  return Float32Array.of(line[0], 0, ...line, line[line.length - 2], 0);
}
