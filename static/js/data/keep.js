/** A drawing as text, to be kept over a reload: every stroke once, however many steps of undoing hold it. */

import { beginDrawing } from "./strokes.js";

/** @typedef {import("./strokes.js").Drawing} Drawing */
/** @typedef {import("./strokes.js").Point} Point */
/** @typedef {import("./strokes.js").Stroke} Stroke */

/**
 * A drawing with its brush, and what a run was given of it last; none before the first time.
 *
 * @typedef {{drawing: Drawing, noise: number, applied: {points: Point[], noise: number} | null}} Sheet
 */

/** A tab may keep about five million characters in all. */
const MOST_CHARACTERS = 1_000_000;
/** Places are told to a ten-thousandth of the canvas, as a run's data are. */
const DECIMALS = 4;

/**
 * The text of a sheet. Where it is too long, the oldest steps of undoing are left out, then those of redoing.
 *
 * @param {Sheet} sheet
 * @param {number} limit of the text's length
 * @returns {string | null} none where even the bare drawing is too long
 */
export function writeSheet({ drawing, ...rest }, limit = MOST_CHARACTERS) {
  let { past, future } = drawing;
  for (;;) {
    const text = JSON.stringify({ ...rest, ...packDrawing({ ...drawing, past, future }) });
    if (text.length <= limit) return text;
    if (past.length > 0) past = past.slice(Math.ceil(past.length / 2));
    else if (future.length > 0) future = future.slice(Math.ceil(future.length / 2));
    else return null;
  }
}

/**
 * @param {string | null} text
 * @returns {Sheet} an empty one where there is no text, or none that can be read
 */
export function readSheet(text) {
  try {
    const { strokes, past, now, future, noise, applied } = JSON.parse(text ?? "");
    const take = (/** @type {number[]} */ indices) => indices.map((index) => strokes[index]);
    return { drawing: { past: past.map(take), strokes: take(now), future: future.map(take) }, noise, applied };
  } catch {
    return { drawing: beginDrawing(), noise: 0.02, applied: null };
  }
}

/** @param {Drawing} drawing */
function packDrawing({ past, strokes, future }) {
  /** @type {Map<Stroke, number>} */
  const known = new Map();
  /** @param {readonly Stroke[]} list */
  function number(list) {
    return list.map((stroke) => {
      if (!known.has(stroke)) known.set(stroke, known.size);
      return known.get(stroke);
    });
  }
  const states = { past: past.map(number), now: number(strokes), future: future.map(number) };
  return { ...states, strokes: [...known.keys()].map(roundStroke) };
}

/**
 * @param {Stroke} stroke
 * @returns {Stroke}
 */
function roundStroke({ kind, points }) {
  return { kind, points: points.map(([x, y]) => [Number(x.toFixed(DECIMALS)), Number(y.toFixed(DECIMALS))]) };
}
