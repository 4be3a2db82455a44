/** The generator as what it does to noise: a lattice of cells of equal probability, and where they go. */

import { placeOnLine } from "./samples.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./marks.js").NamedArray} NamedArray */
/** @typedef {import("./marks.js").Box} Box */

const STRONGEST = 0.65;
/** A cell this many times as dense as the box spread evenly is filled half as strongly as can be. */
const HALF_DENSITY = 12;
const CURVE_DOTS = 21;
/** How much of the box's width the noise takes before it is bent. */
const LAID_SHARE = 0.9;

/**
 * The lattice where the generator sends it: small cells are dense and filled strongly.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawWarp({ arrays, box }) {
  const { warp } = arrays;
  if (!warp) return [];
  if (warp.shape.length === 2) return drawCurve(warp.data);
  const corners = cutCells(warp);
  const [x0, x1, y0, y1] = box;
  return [
    { kind: "cells", corners, opacities: fillCells(corners, (x1 - x0) * (y1 - y0)), colour: "generator" },
    { kind: "lines", lines: traceLattice(warp), colour: "generator", width: 0.8, opacity: 0.45 },
  ];
}

/**
 * The same lattice in the space of the noise, before the generator bends it.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawNoiseLattice({ arrays }) {
  const lattice = arrays.warp_noise;
  if (!lattice) return [];
  const lines = lattice.shape.length === 2 ? [placeOnLine(lattice.data)] : traceLattice(lattice);
  return [{ kind: "lines", lines, colour: "generator", width: 0.8, opacity: 0.4 }];
}

/**
 * The lattice on its way from the noise to where the generator sends it.
 * @param {Scene} scene
 * @param {number} way from 0, the noise laid over the box, to 1, the warp
 * @returns {Mark[]}
 */
export function drawUnfolding(scene, way) {
  const { warp, warp_noise: noise } = scene.arrays;
  if (!warp || !noise) return [];
  const start = layOverBox(noise, scene.box);
  const data = warp.data.map((end, i) => start[i] + (end - start[i]) * way);
  return drawWarp({ ...scene, arrays: { warp: { shape: warp.shape, data } } });
}

/**
 * Scale noise to fill most of a box; noise of one dimension lies on the box's middle line.
 * @param {NamedArray} noise (K, K, 2) or (K, 1)
 * @param {Box} box
 * @returns {Float32Array} as many points
 */
function layOverBox({ shape, data }, [x0, x1, y0, y1]) {
  const points = shape.length === 2 ? placeOnLine(data) : data;
  const reach = data.reduce((most, value) => Math.max(most, value), -Infinity);
  const least = data.reduce((most, value) => Math.min(most, value), Infinity);
  const scale = (LAID_SHARE * (x1 - x0)) / (reach - least || 1);
  const middle = (reach + least) / 2;
  return points.map((value, i) => {
    if (i % 2 === 0) return (x0 + x1) / 2 + (value - middle) * scale;
    return (y0 + y1) / 2 + (shape.length === 2 ? 0 : (value - middle) * scale);
  });
}

/**
 * Cut a lattice (K, K, 2) into (K - 1)^2 cells, in order around each.
 * @param {NamedArray} lattice
 * @returns {Float32Array} eight numbers a cell
 */
export function cutCells({ shape: [rows, columns], data }) {
  const corners = new Float32Array((rows - 1) * (columns - 1) * 8);
  let end = 0;
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const first = row * columns + column;
      for (const place of [first, first + 1, first + columns + 1, first + columns]) {
        corners[end] = data[2 * place];
        corners[end + 1] = data[2 * place + 1];
        end += 2;
      }
    }
  }
  return corners;
}

/**
 * Measure each cell as two triangles, so that a cell folded over itself is not counted as empty.
 * @param {Float32Array} corners
 * @returns {Float32Array} one area a cell
 */
export function measureCells(corners) {
  const areas = new Float32Array(corners.length / 8);
  for (let i = 0; i < areas.length; i += 1) {
    const [ax, ay, bx, by, cx, cy, dx, dy] = corners.subarray(8 * i, 8 * i + 8);
    const first = Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay));
    const second = Math.abs((cx - ax) * (dy - ay) - (dx - ax) * (cy - ay));
    areas[i] = (first + second) / 2;
  }
  return areas;
}

/**
 * Turn equal probability over area into how strongly each cell is filled.
 * @param {Float32Array} corners
 * @param {number} boxArea
 * @returns {Float32Array} opacities, rising with density and never above the strongest
 */
export function fillCells(corners, boxArea) {
  const areas = measureCells(corners);
  return areas.map((area) => {
    const density = boxArea / (areas.length * area);
    return STRONGEST / (1 + HALF_DENSITY / density);
  });
}

/**
 * The lines of a lattice (K, K, 2): its rows, then its columns.
 * @param {NamedArray} lattice
 * @returns {Float32Array[]}
 */
function traceLattice({ shape: [rows, columns], data }) {
  const along = Array.from({ length: rows }, (_, row) => data.subarray(2 * row * columns, 2 * (row + 1) * columns));
  const across = Array.from({ length: columns }, (_, column) => {
    const line = new Float32Array(2 * rows);
    for (let row = 0; row < rows; row += 1) {
      line[2 * row] = data[2 * (row * columns + column)];
      line[2 * row + 1] = data[2 * (row * columns + column) + 1];
    }
    return line;
  });
  return [...along, ...across];
}

/**
 * Noise of one dimension: a curve, with dots between which equally many samples lie.
 * @param {Float32Array} curve
 * @returns {Mark[]}
 */
function drawCurve(curve) {
  const last = curve.length / 2 - 1;
  const dots = Math.min(CURVE_DOTS, last + 1);
  const points = new Float32Array(2 * dots);
  for (let i = 0; i < dots; i += 1) {
    const place = Math.round((last * i) / Math.max(dots - 1, 1));
    points.set(curve.subarray(2 * place, 2 * place + 2), 2 * i);
  }
  return [
    { kind: "lines", lines: [curve], colour: "generator", width: 1.8, opacity: 0.85 },
    { kind: "points", shape: "circle", points, colour: "generator", radius: 3 },
  ];
}
