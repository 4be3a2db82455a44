/** Samples of one number: dots in a strip under the axis, and how densely they lie as a curve above it. */

import { formatNumber } from "../numbers.js";
import { describeScore } from "../score.js";
import { closeCurve, traceCurve } from "./curves.js";
import { chooseBell, estimateDensity } from "./kernel.js";
import { framePicture, layOutStrips, spreadPoints } from "./places.js";

/** @typedef {import("../marks.js").Scene} Scene */
/** @typedef {import("../marks.js").Mark} Mark */
/** @typedef {import("../marks.js").PointsMark} PointsMark */
/** @typedef {import("../marks.js").LinesMark} LinesMark */
/** @typedef {import("./places.js").Strip} Strip */

/**
 * A sort of samples: what it is called, what it is made of, and how it looks.
 *
 * @typedef {object} Sort
 * @property {string} name
 * @property {string} array
 * @property {string} [logits] how its samples are scored
 * @property {"circle" | "diamond" | "ring"} shape
 * @property {import("../marks.js").ColourName} colour
 * @property {number} radius
 * @property {readonly number[]} [dash] of its curve
 */

/** @type {Sort} */
const REAL = { name: "Real sample", array: "x_real", logits: "real_logits", shape: "circle", colour: "real", radius: 1.8 };
/** @type {Sort} */
const GENERATED = {
  name: "Generated sample",
  array: "x_fake",
  logits: "fake_logits",
  shape: "diamond",
  colour: "generated",
  radius: 2.8,
};
/** @type {Sort} */
const AVERAGED = {
  name: "Sample of the averaged generator",
  array: "x_averaged",
  shape: "diamond",
  colour: "generator",
  radius: 2.4,
  dash: [9, 3, 2, 3],
};
/** @type {Sort} */
const REFINED = { name: "Refined sample", array: "x_refined", shape: "ring", colour: "generator", radius: 2.2, dash: [2, 3] };

/**
 * Real samples: their density is a layer of its own, known and not estimated.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawReal(scene) {
  return drawStrip(scene, REAL, layOutStrips(scene).real);
}

/**
 * Generated samples, and the estimate of their density.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawGenerated(scene) {
  return [...drawStrip(scene, GENERATED, layOutStrips(scene).generated), ...drawEstimate(scene, GENERATED)];
}

/**
 * Samples of the averaged generator.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawAveraged(scene) {
  return [...drawStrip(scene, AVERAGED, layOutStrips(scene).averaged), ...drawEstimate(scene, AVERAGED)];
}

/**
 * Samples as a technique of drawing takes them.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawRefined(scene) {
  return [...drawStrip(scene, REFINED, layOutStrips(scene).refined), ...drawEstimate(scene, REFINED)];
}

/**
 * Real samples by themselves: a small picture has room for their estimated density too.
 * @param {Scene} scene
 * @param {Strip} strip
 * @returns {Mark[]}
 */
export function drawRealAlone(scene, strip) {
  return [...fillEstimate(scene, REAL), ...drawStrip(scene, REAL, strip)];
}

/**
 * Generated samples by themselves.
 * @param {Scene} scene
 * @param {Strip} strip
 * @returns {Mark[]}
 */
export function drawGeneratedAlone(scene, strip) {
  return [...fillEstimate(scene, GENERATED), ...drawStrip(scene, GENERATED, strip)];
}

/**
 * Real samples, each in the colour of its score.
 * @param {Scene} scene
 * @param {Strip} strip
 * @returns {Mark[]}
 */
export function drawRealPredictions(scene, strip) {
  return colourByScore(scene, REAL, strip);
}

/**
 * Generated samples, each in the colour of its score.
 * @param {Scene} scene
 * @param {Strip} strip
 * @returns {Mark[]}
 */
export function drawGeneratedPredictions(scene, strip) {
  return colourByScore(scene, GENERATED, strip);
}

/**
 * Say how high the generated samples' curve is where it leaves the picture; nothing where it does not.
 * @param {Scene} scene
 * @returns {string}
 */
export function describePeak({ arrays, dimension, box }) {
  const values = arrays.x_fake?.data;
  if (dimension !== 1 || !values) return "";
  const peak = estimateDensity(values, box, chooseBell(box)).reduce((most, height) => Math.max(most, height), 0);
  if (peak <= framePicture(box)[3]) return "";
  return `The generated samples’ curve leaves the picture: it rises to about ${formatNumber(peak)}`;
}

/**
 * Say what the samples' curves are; nothing where there are none.
 * @param {Pick<Scene, "dimension" | "box">} scene
 * @returns {string}
 */
export function describeEstimate({ dimension, box }) {
  if (dimension !== 1) return "";
  return `Samples’ curves are kernel estimates: each sample is spread into a bell with a standard deviation of ${formatNumber(chooseBell(box))}`;
}

/**
 * @param {Scene} scene
 * @param {Sort} sort
 * @param {Strip | undefined} strip
 * @returns {PointsMark[]}
 */
function drawStrip({ arrays, score }, { name, array, logits = "", shape, colour, radius }, strip) {
  const values = arrays[array]?.data;
  if (!values || !strip) return [];
  const outputs = arrays[logits]?.data;
  const describe = (/** @type {number} */ i) => {
    const place = `${name}<br>x ${formatNumber(values[i])}`;
    return outputs ? `${place}<br>${describeScore(score, outputs[i])}` : place;
  };
  return [{ kind: "points", shape, points: spreadPoints(values, strip), colour, radius, describe }];
}

/**
 * @param {Scene} scene
 * @param {Sort} sort
 * @returns {LinesMark[]}
 */
function drawEstimate({ arrays, box }, { name, array, colour, dash }) {
  const values = arrays[array]?.data;
  if (!values?.length) return [];
  const line = traceCurve(estimateDensity(values, box, chooseBell(box)), box);
  const describe = (/** @type {number} */ i) =>
    `${name}s, density<br>about ${formatNumber(line[2 * i + 1])} at x ${formatNumber(line[2 * i])}`;
  return [{ kind: "lines", lines: [line], colour, width: 2.2, opacity: 1, describe, ...(dash && { dash }) }];
}

/**
 * @param {Scene} scene
 * @param {Sort} sort
 * @returns {Mark[]}
 */
function fillEstimate(scene, sort) {
  const marks = drawEstimate(scene, sort);
  return marks.flatMap((mark) => [
    { kind: "area", outline: closeCurve(mark.lines[0]), colour: sort.colour, opacity: 0.3 },
    mark,
  ]);
}

/**
 * @param {Scene} scene
 * @param {Sort} sort
 * @param {Strip} strip
 * @returns {Mark[]}
 */
function colourByScore(scene, sort, strip) {
  const outputs = scene.arrays[sort.logits ?? ""]?.data;
  if (!outputs) return [];
  return drawStrip(scene, sort, strip).map((mark) => ({ ...mark, positions: outputs.map(scene.score.place) }));
}
