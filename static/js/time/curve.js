/** The thin curve of both losses behind the timeline's slider. */

import { findQuantile, formatCount, formatNumber } from "../layers/numbers.js";
import { formatColour } from "../palette.js";
import { decimateLine } from "../plots/decimate.js";
import { placeStep } from "./ticks.js";

/** @typedef {import("../history.js").History} History */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {"discriminator" | "generator"} Player */
/** A line in the unit square, from left to right; a gap begins where `y` is null. @typedef {{player: Player, x: number[], y: (number | null)[]}} CurveLine */

/** Points a line: about as many as there are pixels. */
const LIMIT = 800;
/** So many of the lowest and of the highest losses may leave the picture: one spike must not flatten the rest. */
const TAIL = 0.01;
const LINE_WIDTH = 1.25;

/**
 * Both losses over the steps, in a common scale; what is far out runs along the edge.
 *
 * @param {Pick<History, "steps" | "d_loss" | "g_loss">} history
 * @param {readonly [number, number]} range the first step and the last
 * @returns {CurveLine[]}
 */
export function traceLosses({ steps, d_loss, g_loss }, range) {
  const lines = [
    { player: /** @type {const} */ ("discriminator"), ...decimateLine(steps, d_loss, LIMIT, range) },
    { player: /** @type {const} */ ("generator"), ...decimateLine(steps, g_loss, LIMIT, range) },
  ];
  const values = lines.flatMap(({ y }) => y.filter((value) => value !== null));
  const [low, high] = [findQuantile(values, TAIL), findQuantile(values, 1 - TAIL)];
  const scale = (/** @type {number} */ value) => (high > low ? (value - low) / (high - low) : 0.5);
  return lines.map(({ player, x, y }) => ({
    player,
    x: x.map((step) => placeStep(step, range)),
    y: y.map((value) => (value === null ? null : Math.max(0, Math.min(1, scale(value))))),
  }));
}

/**
 * Draw the curve anew.
 *
 * @param {HTMLCanvasElement} canvas as large on the page as it is to be drawn
 * @param {readonly CurveLine[]} lines
 * @param {Palette} palette
 */
export function paintCurve(canvas, lines, palette) {
  const ratio = globalThis.devicePixelRatio;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  context.lineWidth = LINE_WIDTH * palette.strokes * ratio;
  context.lineJoin = "round";
  const edge = context.lineWidth;
  for (const { player, x, y } of lines) {
    context.strokeStyle = formatColour(palette[player]);
    context.beginPath();
    let isDown = false;
    for (const [i, value] of y.entries()) {
      if (value !== null) {
        const place = /** @type {const} */ ([Number(x[i]) * width, height - edge - value * (height - 2 * edge)]);
        if (isDown) context.lineTo(...place);
        else context.moveTo(...place);
      }
      isDown = value !== null;
    }
    context.stroke();
  }
}

/**
 * The losses at a step in words, for whom the curve is pointed at.
 *
 * @param {Pick<History, "lossesAt">} history
 * @param {number} step
 */
export function describeLosses(history, step) {
  const { d_loss, g_loss } = history.lossesAt(step);
  return `Step ${formatCount(step)}: discriminator’s loss ${formatNumber(d_loss)}, generator’s ${formatNumber(g_loss)}`;
}
