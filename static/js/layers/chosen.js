/** The generated sample that the inspector tells of: a ring, its needle, and where the next update moves it. */

import { formatCount } from "./numbers.js";

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").Mark} Mark */

/** An arrow is at least so long, in parts of the run's box: a single update moves a sample by less than is seen. */
const SHORTEST = 0.06;
const GAINS = [1, 2, 5];
const LARGEST_GAIN = 1e5;

/** What the marked sample is made of, as a layer has it. */
export const CHOSEN = { key: "chosen", arrays: ["x_fake", "gradients"], draw: drawChosen };

/**
 * @param {Scene} scene
 * @returns {Mark[]} none where no sample is chosen
 */
export function drawChosen(scene) {
  return markChosen(scene, scene.arrays.x_fake?.data, scene.arrays.gradients?.data);
}

/**
 * @param {Scene} scene
 * @param {Float32Array | undefined} points where the generated samples are in the picture, interleaved
 * @param {Float32Array | undefined} slopes their gradients there
 * @returns {Mark[]}
 */
export function markChosen(scene, points, slopes) {
  const { chosen } = scene;
  if (!chosen || !points || 2 * chosen.index + 1 >= points.length) return [];
  const at = 2 * chosen.index;
  const point = points.slice(at, at + 2);
  const vectors = slopes?.slice(at, at + 2);
  const describe = () => `Sample ${formatCount(chosen.index + 1)}: the inspector tells its story`;
  /** @type {Mark[]} */
  const needles = vectors?.length
    ? [
        { kind: "needles", points: point, vectors, colour: "ink", width: 2.2, describe },
        { kind: "needles", points: point, vectors, colour: "gradient", width: 1.3, describe },
      ]
    : [];
  const [x = 0, y = 0] = point;
  const gain = chooseGain(scene);
  const [right = 0, up = 0] = chosen.move ?? [];
  /** @type {Mark[]} */
  const arrow = gain
    ? [{ kind: "arrow", from: [x, y], to: [x + gain * right, y + gain * up], colour: "generator" }]
    : [];
  return [...needles, ...arrow, { kind: "points", shape: "ring", points: point, colour: "ink", radius: 8, describe }];
}

/**
 * How many times as long as the move its arrow is drawn: a round number, and the least that makes it long enough.
 *
 * @param {Pick<Scene, "chosen" | "box">} scene
 * @returns {number} 0 where there is no move to draw
 */
export function chooseGain({ chosen, box: [x0, x1] }) {
  const length = chosen?.move ? Math.hypot(...chosen.move) : 0;
  if (!(length > 0)) return 0;
  for (let power = 1; power < LARGEST_GAIN; power *= 10) {
    const gain = GAINS.find((factor) => factor * power * length >= SHORTEST * (x1 - x0));
    if (gain) return gain * power;
  }
  return LARGEST_GAIN;
}

/**
 * @param {Scene} scene
 * @returns {string} what the ring and the arrow are; empty where there is none
 */
export function describeChosen(scene) {
  if (!scene.chosen || isLeftOut(scene, scene.chosen)) return "";
  const ring = `The ring is sample ${formatCount(scene.chosen.index + 1)}`;
  const gain = chooseGain(scene);
  if (!gain) return `${ring}.`;
  const times = gain === 1 ? "" : `, drawn ${formatCount(gain)} times as long as it is`;
  return `${ring}; its arrow is the generator’s next update${times}.`;
}

/**
 * Whether a sample is among those that the picture leaves out while frames come too slowly.
 *
 * @param {Scene} scene
 * @param {{index: number}} chosen
 */
function isLeftOut({ arrays }, { index }) {
  return arrays.x_fake !== undefined && index >= (arrays.x_fake.shape[0] ?? 0);
}

/**
 * The point that is nearest to a place on the screen.
 *
 * @param {Float32Array} points in published units
 * @param {{toX: (x: number) => number, toY: (y: number) => number}} projection
 * @param {readonly [number, number]} place in pixels
 * @param {number} reach no point further away than this counts, in pixels
 * @returns {number | null} its index
 */
export function findNearest(points, { toX, toY }, [x, y], reach) {
  let nearest = null;
  let least = reach;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const distance = Math.hypot(toX(points[i]) - x, toY(points[i + 1]) - y);
    if (!(distance <= least)) continue;
    least = distance;
    nearest = i / 2;
  }
  return nearest;
}
