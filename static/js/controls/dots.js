/** Pictures of points in their view box, drawn once: thumbnails and previews. */

import { estimateDensity } from "../layers/line/kernel.js";
import { spreadPoints } from "../layers/line/places.js";

/** @typedef {NonNullable<import("../state.js").UnitFacts["box"]>} Box */

/** Where the hill stands on its picture, and the strip of its dots, from above in parts of the picture. */
const [PEAK, GROUND] = [0.06, 0.72];
/** The standard deviation of the bells that a hill is made of, in parts of half the view. */
const BELL = 0.04;
const STRIP = /** @type {const} */ ([0.79, 0.95]);

/**
 * Draw points on a square canvas, in the canvas's own colour.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {readonly (readonly number[])[]} points of two numbers each
 * @param {Box} box
 * @param {number} radius in the canvas's own pixels
 */
export function drawDots(canvas, points, { centre, half_extent }, radius) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const side = canvas.width;
  const scale = side / 2 / half_extent;
  context.clearRect(0, 0, side, side);
  context.fillStyle = getComputedStyle(canvas).color;
  context.globalAlpha = 0.65;
  for (const [x, y] of points) {
    context.beginPath();
    context.arc(side / 2 + scale * (x - centre[0]), side / 2 - scale * (y - centre[1]), radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/**
 * Draw how densely points of one number lie, and the points themselves below.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {Box} box
 */
export function drawHill(canvas, values, { centre: [centre], half_extent }) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const side = canvas.width;
  const heights = estimateDensity(values, [centre - half_extent, centre + half_extent], BELL * half_extent);
  const most = heights.reduce((one, other) => Math.max(one, other), Number.MIN_VALUE);
  context.clearRect(0, 0, side, side);
  context.fillStyle = context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = side / 50;
  const hill = new Path2D();
  heights.forEach((height, i) => {
    const y = GROUND - (height / most) * (GROUND - PEAK);
    hill.lineTo((i / (heights.length - 1)) * side, y * side);
  });
  context.stroke(hill);
  hill.lineTo(side, GROUND * side);
  hill.lineTo(0, GROUND * side);
  context.globalAlpha = 0.3;
  context.fill(hill);
  context.globalAlpha = 0.65;
  const points = spreadPoints(values, STRIP);
  for (let i = 0; i < points.length; i += 2) {
    const x = side / 2 + (side / 2 / half_extent) * (points[i] - centre);
    context.fillRect(x - side / 128, points[i + 1] * side - side / 128, side / 64, side / 64);
  }
  context.globalAlpha = 1;
}
