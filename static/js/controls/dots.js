/** Pictures of points in their view box, drawn once: thumbnails and previews. */

/** @typedef {import("../data/fit.js").Box} Box */
/** @typedef {import("../data/strokes.js").Point} Point */

/**
 * Draw points on a square canvas, in the canvas's own colour.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Point[]} points
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
