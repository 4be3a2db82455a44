/** The generator as what it does to noise: lines from equally likely noise, at the bottom, to where each lands on x. */

import { layOutStrips } from "./places.js";

/** @typedef {import("../marks.js").Scene} Scene */
/** @typedef {import("../marks.js").Mark} Mark */
/** @typedef {import("../marks.js").NamedArray} NamedArray */
/** @typedef {import("./places.js").Strip} Strip */

/** So many lines of noise of one number; of noise of two, so many across and so many up. */
const ALONG = 41;
const ACROSS = 21;
const UP = 3;
/** How much of the frame's width and, for noise of two numbers, of the strip's height the noise takes. */
const WIDTH_SHARE = 0.92;
const HEIGHT_SHARE = 0.3;

/**
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawWarp(scene) {
  return drawUnfolding(scene, 1, layOutStrips(scene).warp);
}

/**
 * The lines on their way from the noise to x.
 * @param {Scene} scene
 * @param {number} way from 0, the noise, to 1, the warp
 * @param {Strip} strip the noise is at its lower edge, and x at its upper one
 * @returns {Mark[]}
 */
export function drawUnfolding({ arrays, box }, way, [low, high]) {
  const { warp } = arrays;
  if (!warp?.data.length) return [];
  const [x0, x1] = box;
  const starts = placeNoise(warp);
  const lines = starts.map(({ place, across, up }) => {
    const x = (x0 + x1) / 2 + (across - 0.5) * WIDTH_SHARE * (x1 - x0);
    const y = low + up * HEIGHT_SHARE * (high - low);
    return Float32Array.of(x, y, x + (warp.data[place] - x) * way, y + (high - y) * way);
  });
  const ends = (/** @type {number} */ from) => Float32Array.from(lines.flatMap((line) => [line[from], line[from + 1]]));
  return [
    { kind: "lines", lines: [Float32Array.of(x0, high, x1, high)], colour: "inkSoft", width: 1, opacity: 0.7 },
    { kind: "lines", lines, colour: "generator", width: 1, opacity: lines.length > ALONG ? 0.45 : 0.6 },
    { kind: "points", shape: "circle", points: ends(0), colour: "noise", radius: 1.8 },
    { kind: "points", shape: "circle", points: ends(2), colour: "generator", radius: 1.8 },
  ];
}

/**
 * Choose some of the lattice's places, evenly, and say where their noise is: equally many samples lie between two
 * neighbours, so they stand equally far apart.
 * @param {NamedArray} warp (K * K, 1) for noise of one number, (K, K, 1) for noise of two or more
 * @returns {{place: number, across: number, up: number}[]} `across` and `up` from 0 to 1
 */
function placeNoise({ shape }) {
  if (shape.length === 2) return chooseEvenly(shape[0], ALONG).map((place) => ({ place, across: (place + 0.5) / shape[0], up: 0 }));
  const [rows, columns] = shape;
  return chooseEvenly(rows, UP).flatMap((row, level, chosen) =>
    chooseEvenly(columns, ACROSS).map((column) => ({
      place: row * columns + column,
      across: (column + 0.5) / columns,
      up: chosen.length > 1 ? level / (chosen.length - 1) : 0,
    })),
  );
}

/**
 * @param {number} count
 * @param {number} most
 * @returns {number[]} the middles of equal parts of 0 to `count`
 */
function chooseEvenly(count, most) {
  const parts = Math.min(count, most);
  return Array.from({ length: parts }, (_, i) => Math.floor(((i + 0.5) * count) / parts));
}
