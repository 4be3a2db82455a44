/** Paints marks on a canvas: the one place that knows how each kind of mark looks there. */

import { BAR_FRACTION } from "../layers/gradients.js";
import { formatColour, rampIndex, scoreDotColour, scoreRamp } from "../palette.js";
import { project } from "./view.js";

/** @typedef {import("../layers/marks.js").Mark} Mark */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("./view.js").View} View */
/** @typedef {CanvasRenderingContext2D} Context */

const MAX_PIXEL_RATIO = 2;
const SCORE_COLOURS = 15;
/** Points far outside are not drawn: their paths would cost time and show nothing. */
const MARGIN = 12;

/**
 * Clear a canvas, fit it to its view, and paint marks on it in order.
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Mark[]} marks
 * @param {View} view
 * @param {Palette} palette
 */
export function paintCanvas(canvas, marks, view, palette) {
  const ratio = Math.min(globalThis.devicePixelRatio || 1, MAX_PIXEL_RATIO);
  const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  // A machine that draws in software is 10 to 30 times slower without willReadFrequently (measured in Chromium).
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context || !width || !height) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  const thick = { ...view, scale: view.scale * palette.strokes };
  for (const mark of marks) paintMark(context, mark, thick, palette);
}

/**
 * @param {Context} context
 * @param {Mark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintMark(context, mark, view, palette) {
  if (mark.kind === "points") paintPoints(context, mark, view, palette);
  else if (mark.kind === "image") paintImage(context, mark, view, palette);
  else if (mark.kind === "needles") paintNeedles(context, mark, view, palette);
  else if (mark.kind === "lines") paintLines(context, mark, view, palette);
  else if (mark.kind === "area") paintArea(context, mark, view, palette);
  else if (mark.kind === "arrow") paintArrow(context, mark, view, palette);
  else paintCells(context, mark, view, palette);
}

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").PointsMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintPoints(context, mark, view, palette) {
  for (const { colour, places } of groupPoints(mark, palette)) {
    const path = tracePoints(mark, view, places);
    if (mark.shape === "ring") {
      paintRing(context, path, view, [palette.paper, colour]);
      continue;
    }
    // A rim in the colour of the paper tells a dot from a surface of its own colour.
    context.strokeStyle = formatColour(palette.paper, 0.75);
    context.lineWidth = 2 * view.scale;
    context.stroke(path);
    context.fillStyle = formatColour(colour);
    context.fill(path);
  }
}

/**
 * A ring with a rim at both sides, to be seen on every ground.
 * @param {Context} context
 * @param {Path2D} path
 * @param {View} view
 * @param {readonly import("../palette.js").Colour[]} colours the rim's, and the ring's
 */
function paintRing(context, path, view, colours) {
  for (const [i, colour] of colours.entries()) {
    context.strokeStyle = formatColour(colour);
    context.lineWidth = (i === 0 ? 5 : 2.25) * view.scale;
    context.stroke(path);
  }
}

/**
 * Gather points of the same colour, so that a colour is one path.
 * @param {import("../layers/marks.js").PointsMark} mark
 * @param {Palette} palette
 * @returns {{colour: import("../palette.js").Colour, places: Iterable<number>}[]}
 */
function groupPoints({ points, positions, colour }, palette) {
  if (!positions) return [{ colour: palette[colour], places: Array.from({ length: points.length / 2 }, (_, i) => i) }];
  /** @type {number[][]} */
  const groups = Array.from({ length: SCORE_COLOURS }, () => []);
  positions.forEach((position, i) => {
    const group = Math.round(((position + 1) / 2) * (SCORE_COLOURS - 1));
    groups[group]?.push(i);
  });
  return groups.map((places, i) => ({ colour: scoreDotColour(palette, (2 * i) / (SCORE_COLOURS - 1) - 1), places }));
}

/**
 * @param {import("../layers/marks.js").PointsMark} mark
 * @param {View} view
 * @param {Iterable<number>} places
 */
function tracePoints({ points, shape, radius }, view, places) {
  const { toX, toY } = project(view);
  const path = new Path2D();
  const size = radius * view.scale;
  for (const i of places) {
    const [x, y] = [toX(points[2 * i]), toY(points[2 * i + 1])];
    if (!(x > -MARGIN && x < view.width + MARGIN && y > -MARGIN && y < view.height + MARGIN)) continue;
    if (shape !== "diamond") {
      path.moveTo(x + size, y);
      path.arc(x, y, size, 0, 2 * Math.PI);
    } else {
      path.moveTo(x, y - size);
      path.lineTo(x + size, y);
      path.lineTo(x, y + size);
      path.lineTo(x - size, y);
      path.closePath();
    }
  }
  return path;
}

/**
 * One canvas for all images of a size: a grid is written there and then drawn, smoothed, at its place.
 * @type {Map<string, HTMLCanvasElement>}
 */
const grids = new Map();

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").ImageMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintImage(context, mark, view, palette) {
  const { toX, toY } = project(view);
  const [x0, x1, y0, y1] = mark.box;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(colourGrid(mark, palette), toX(x0), toY(y1), toX(x1) - toX(x0), toY(y0) - toY(y1));
}

/**
 * Write a grid of positions as an image of one pixel a cell, row 0 at the bottom.
 * @param {import("../layers/marks.js").ImageMark} mark
 * @param {Palette} palette
 * @returns {HTMLCanvasElement}
 */
function colourGrid({ columns, rows, positions }, palette) {
  const size = `${columns} ${rows}`;
  const canvas = grids.get(size) ?? Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  grids.set(size, canvas);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const ramp = scoreRamp(palette);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      pixels[(rows - 1 - row) * columns + column] = ramp[rampIndex(positions[row * columns + column])];
    }
  }
  context?.putImageData(image, 0, 0);
  return canvas;
}

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").NeedlesMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintNeedles(context, { points, vectors, colour, width = 1 }, view, palette) {
  const { toX, toY } = project(view);
  const scale = needlePixels(view) / view.needle;
  const base = 2.4 * width * Math.max(view.scale, 0.6);
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) {
    const [x, y, dx, dy] = [toX(points[i]), toY(points[i + 1]), vectors[i] * scale, -vectors[i + 1] * scale];
    const length = Math.hypot(dx, dy);
    if (!(length > 0.5) || x < -view.width || x > 2 * view.width || y < -view.height || y > 2 * view.height) continue;
    const [sideX, sideY] = [(-dy / length) * base, (dx / length) * base];
    context.moveTo(x + sideX, y + sideY);
    context.lineTo(x + dx, y + dy);
    context.lineTo(x - sideX, y - sideY);
    context.closePath();
  }
  context.fillStyle = formatColour(palette[colour], 0.85);
  context.fill();
}

/**
 * How long the scale's needle is drawn; the same at every zoom.
 * @param {View} view
 */
export function needlePixels(view) {
  return BAR_FRACTION * view.width;
}

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").LinesMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintLines(context, { lines, colour, width, opacity, dash = [] }, view, palette) {
  const { toX, toY } = project(view);
  context.beginPath();
  for (const line of lines) {
    context.moveTo(toX(line[0]), toY(line[1]));
    for (let i = 2; i < line.length; i += 2) context.lineTo(toX(line[i]), toY(line[i + 1]));
  }
  context.strokeStyle = formatColour(palette[colour], opacity);
  context.lineWidth = width * Math.max(view.scale, 0.6);
  context.lineJoin = "round";
  context.setLineDash(dash.map((length) => length * view.scale));
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").AreaMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintArea(context, { outline, colour, opacity }, view, palette) {
  const { toX, toY } = project(view);
  context.beginPath();
  for (let i = 0; i < outline.length; i += 2) context.lineTo(toX(outline[i]), toY(outline[i + 1]));
  context.fillStyle = formatColour(palette[colour], opacity);
  context.fill();
}

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").ArrowMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintArrow(context, { from, to, colour }, view, palette) {
  const { toX, toY } = project(view);
  const [x, y, endX, endY] = [toX(from[0]), toY(from[1]), toX(to[0]), toY(to[1])];
  const angle = Math.atan2(endY - y, endX - x);
  const head = 10 * view.scale;
  const path = new Path2D();
  path.moveTo(x, y);
  path.lineTo(endX, endY);
  for (const side of [-0.45, 0.45]) {
    path.moveTo(endX, endY);
    path.lineTo(endX - head * Math.cos(angle + side), endY - head * Math.sin(angle + side));
  }
  context.lineCap = "round";
  for (const [width, shade] of /** @type {const} */ ([[6, palette.paper], [2.75, palette[colour]]])) {
    context.strokeStyle = formatColour(shade);
    context.lineWidth = width * view.scale;
    context.stroke(path);
  }
  context.lineCap = "butt";
}

/**
 * @param {Context} context
 * @param {import("../layers/marks.js").CellsMark} mark
 * @param {View} view
 * @param {Palette} palette
 */
function paintCells(context, { corners, opacities, colour }, view, palette) {
  const { toX, toY } = project(view);
  context.fillStyle = formatColour(palette[colour]);
  opacities.forEach((opacity, i) => {
    if (!(opacity > 0.01)) return;
    context.globalAlpha = opacity;
    context.beginPath();
    for (let end = 8 * i; end < 8 * i + 8; end += 2) context.lineTo(toX(corners[end]), toY(corners[end + 1]));
    context.fill();
  });
  context.globalAlpha = 1;
}
