/** How densely samples lie along x: a kernel estimate, every sample spread into a bell of one and the same width. */

/** @typedef {readonly [number, number, ...unknown[]]} Interval left and right end */

const CELLS = 400;
/** The bell reaches so many standard deviations to both sides. */
const REACH = 4;
/** The widest and the narrowest bell, its standard deviation in parts of the interval. */
const WIDEST = 1 / 40;
const NARROWEST = 1.5 / CELLS;
/** The area of a rectangle as wide as the bell's standard deviation and as high as the picture. */
const AREA = 0.1;

/**
 * The standard deviation of a run's bell. It is the same at every step, so that curves can be compared: one that
 * followed the samples would hide how narrow they have become. It follows the height of the picture, because the
 * higher a law's densities, the narrower its parts.
 * @param {import("../marks.js").Box} box
 * @returns {number} in units of x
 */
export function chooseBell([x0, x1, , top]) {
  const width = x1 - x0;
  return Math.max(NARROWEST * width, Math.min(WIDEST * width, AREA / top));
}

/**
 * Estimate the density of samples at evenly spaced places, both ends among them.
 * @param {Float32Array} values samples outside count in the number of all; those that are no numbers lie nowhere
 * @param {Interval} interval
 * @param {number} bell its standard deviation
 * @returns {Float32Array} (CELLS + 1) in probability per unit of x
 */
export function estimateDensity(values, [x0, x1], bell) {
  const cell = (x1 - x0) / CELLS;
  const weights = makeBell(bell / cell);
  const reach = (weights.length - 1) / 2;
  const heights = new Float32Array(CELLS + 1);
  const scale = 1 / (Math.max(values.length, 1) * cell);
  countShares(values, x0 - reach * cell, cell, reach).forEach((count, i) => {
    if (count === 0) return;
    // The counts begin `reach` before the heights, and the weights `reach` before the middle of their bell.
    weights.forEach((weight, k) => {
      const place = i - 2 * reach + k;
      if (place >= 0 && place <= CELLS) heights[place] += count * weight * scale;
    });
  });
  return heights;
}

/**
 * Share each sample between the two places beside it.
 * @param {Float32Array} values
 * @param {number} start the first place
 * @param {number} cell from one place to the next
 * @param {number} reach so many places lie beyond either end of the interval
 * @returns {Float64Array} (CELLS + 1 + 2 reach)
 */
function countShares(values, start, cell, reach) {
  const counts = new Float64Array(CELLS + 1 + 2 * reach);
  for (const value of values) {
    const place = (value - start) / cell;
    if (!(place >= 0 && place < counts.length - 1)) continue;
    const left = Math.floor(place);
    counts[left] += left + 1 - place;
    counts[left + 1] += place - left;
  }
  return counts;
}

/**
 * @param {number} width the standard deviation in cells
 * @returns {Float64Array} (2 reach + 1) weights that add up to 1
 */
function makeBell(width) {
  const reach = Math.ceil(REACH * width);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) / width) ** 2) / 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
