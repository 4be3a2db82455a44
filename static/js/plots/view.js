/** Views: which part of the plane is seen, on how many pixels. */

/** @typedef {import("../layers/marks.js").Box} Box */

/**
 * @typedef {object} View
 * @property {Box} box the part of the plane that is seen
 * @property {number} width in CSS pixels
 * @property {number} height
 * @property {number} scale of radii and line widths; 1 in the full-size picture
 * @property {number} needle the gradient that the scale's needle stands for, in loss per unit
 */

/**
 * The pixel of a place: x to the right, y downwards.
 * @param {View} view
 * @returns {{toX: (x: number) => number, toY: (y: number) => number}}
 */
export function project({ box: [x0, x1, y0, y1], width, height }) {
  const perX = width / (x1 - x0);
  const perY = height / (y1 - y0);
  return { toX: (x) => (x - x0) * perX, toY: (y) => height - (y - y0) * perY };
}

/**
 * Look closer at the middle of a box, or from further away.
 * @param {Box} box
 * @param {number} factor below 1 to look closer
 * @returns {Box}
 */
export function zoomBox([x0, x1, y0, y1], factor) {
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const [halfWidth, halfHeight] = [((x1 - x0) / 2) * factor, ((y1 - y0) / 2) * factor];
  return [x - halfWidth, x + halfWidth, y - halfHeight, y + halfHeight];
}

/**
 * Look beside a box.
 * @param {Box} box
 * @param {readonly [number, number]} way to the right and upwards, in parts of the box
 * @returns {Box}
 */
export function panBox([x0, x1, y0, y1], [right, up]) {
  const [dx, dy] = [(x1 - x0) * right, (y1 - y0) * up];
  return [x0 + dx, x1 + dx, y0 + dy, y1 + dy];
}

/**
 * Whether two boxes are the same.
 * @param {Box | null} one
 * @param {Box | null} other
 */
export function sameBox(one, other) {
  return one === other || Boolean(one && other && one.every((value, i) => value === other[i]));
}
