/** How given points are seen: the square that holds them, and the noise that suits their size. */

/** @typedef {import("./strokes.js").Point} Point */
/** @typedef {{centre: Point, half_extent: number}} Box */

const MARGIN = 1.15;
const FINEST_BOX = 1e-3;
const NOISE_SHARE = 0.02;
/** The noise that the server takes. */
const [LEAST_NOISE, MOST_NOISE] = [0.0001, 10];

/**
 * The square around the points and three standard deviations of their noise, as the server fits it.
 *
 * @param {readonly Point[]} points
 * @param {number} noise
 * @returns {Box}
 */
export function fitBox(points, noise) {
  const { low, high } = findRange(points);
  /** @type {Point} */
  const centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2 + 3 * noise;
  const finest = FINEST_BOX * Math.max(Math.abs(centre[0]), Math.abs(centre[1]));
  return { centre, half_extent: Math.max(MARGIN * half, finest) };
}

/**
 * A fiftieth of half the points' extent, to two digits.
 *
 * @param {readonly Point[]} points
 */
export function suggestNoise(points) {
  const { low, high } = findRange(points);
  const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2 || 1;
  const noise = Math.min(Math.max(NOISE_SHARE * half, LEAST_NOISE), MOST_NOISE);
  return Number(noise.toPrecision(2));
}

/**
 * @param {readonly Point[]} points
 * @returns {{low: Point, high: Point}}
 */
export function findRange(points) {
  /** @type {Point} */
  const low = [Infinity, Infinity];
  /** @type {Point} */
  const high = [-Infinity, -Infinity];
  for (const [x, y] of points) {
    low[0] = Math.min(low[0], x);
    low[1] = Math.min(low[1], y);
    high[0] = Math.max(high[0], x);
    high[1] = Math.max(high[1], y);
  }
  return { low, high };
}
