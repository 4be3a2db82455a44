/** Where real samples come back to when the generator makes points of the encoder's answers to them, or of their codes. */

import { formatNumber } from "./numbers.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./marks.js").Box} Box */

/** So many arrows are drawn at most: more would be a thicket. */
const MOST = 120;
/** How long the head of an arrow is: in parts of the box's width, and at most in parts of its arrow. */
const HEAD = 0.018;
const HEAD_OF_ARROW = 0.4;
const HEAD_ANGLE = 0.45;

/**
 * An arrow from each of some real samples to its reconstruction.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawReconstructions({ arrays, box }) {
  const ends = findEnds(arrays);
  return ends ? drawArrows(ends.from.data, ends.to.data, box) : [];
}

/**
 * Arrows between points of the picture.
 * @param {Float32Array} from interleaved
 * @param {Float32Array} to as many
 * @param {Box} box what the picture shows
 * @param {number} [most] how many are drawn
 * @returns {Mark[]}
 */
export function drawArrows(from, to, [x0, x1, y0, y1], most = MOST) {
  const count = Math.min(most, from.length / 2);
  const shape = { head: HEAD * (x1 - x0), rise: (y1 - y0) / (x1 - x0) };
  const lines = Array.from({ length: count }, (_, i) =>
    traceArrow(from.subarray(2 * i, 2 * i + 2), to.subarray(2 * i, 2 * i + 2), shape),
  );
  return [{ kind: "lines", lines, colour: "generator", width: 1.4, opacity: 0.8 }];
}

/**
 * Say how far real samples are from their reconstructions; nothing where there are none.
 * @param {Pick<Scene, "arrays">} scene
 */
export function describeReturn({ arrays }) {
  const ends = findEnds(arrays);
  if (!ends) return "";
  const [count, size] = ends.from.shape;
  let total = 0;
  for (let i = 0; i < count; i += 1) {
    const gaps = Array.from({ length: size }, (_, axis) => ends.to.data[i * size + axis] - ends.from.data[i * size + axis]);
    total += Math.hypot(...gaps);
  }
  return `A real sample comes back ${formatNumber(total / count)} from its place, on average`;
}

/**
 * Find both ends of the arrows; they may come from different frames for a moment, when the layer has just been
 * switched on.
 * @param {Scene["arrays"]} arrays
 */
export function findEnds({ x_real: from, x_reconstructed: to }) {
  return from && to && from.data.length > 0 && from.data.length === to.data.length ? { from, to } : null;
}

/**
 * The line of an arrow: its shaft, then both sides of its head.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {{head: number, rise: number}} shape the head's length at most, and how many units upwards look like one of x
 */
function traceArrow([x, y], [endX, endY], { head, rise }) {
  const [dx, dy] = [endX - x, (endY - y) / rise];
  const length = Math.min(head, HEAD_OF_ARROW * Math.hypot(dx, dy));
  const angle = Math.atan2(dy, dx);
  const [left, right] = [-HEAD_ANGLE, HEAD_ANGLE].map((side) => [
    endX - length * Math.cos(angle + side),
    endY - rise * length * Math.sin(angle + side),
  ]);
  return Float32Array.of(x, y, endX, endY, ...left, endX, endY, ...right);
}
