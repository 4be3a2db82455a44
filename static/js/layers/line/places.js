/**
 * Where things are in the picture of one-dimensional data: x runs to the right, and upwards is probability density.
 *
 * Under the axis of densities lie strips, one a sort of samples, and below them the noise that is sent to x. The frame
 * says how high the densities reach; the strips are measured in parts of that height, so all of it is one picture.
 */

/** @typedef {import("../marks.js").Scene} Scene */
/** @typedef {import("../marks.js").Box} Box */
/** @typedef {readonly [number, number]} Strip lower and upper edge, in densities */

/** How far the picture reaches below the axis and above the highest density, in parts of the frame's height. */
const DEPTH = 0.8;
const HEAD = 1.03;
const STRIP = 0.1;
const GAP = 0.035;
/** Fractional parts of the golden ratio's multiples are spread evenly, however many there are. */
const GOLDEN = 0.6180339887498949;

/** The samples that a strip may hold, from above, and the array that each is there with. */
const ROWS = /** @type {const} */ ([
  ["real", null],
  ["generated", null],
  ["averaged", "x_averaged"],
  ["refined", "x_refined"],
]);
/** @typedef {typeof ROWS[number][0]} Row */

/**
 * The picture of a run's box: its densities, and below them the strips.
 * @param {Box} box
 * @returns {Box}
 */
export function framePicture([x0, x1, , top]) {
  return [x0, x1, -DEPTH * top, HEAD * top];
}

/**
 * Give every sort of samples that the run has its strip, and the noise what is left below them.
 * @param {Pick<Scene, "arrays" | "box">} scene
 * @returns {Readonly<Partial<Record<Row, Strip>>> & {real: Strip, generated: Strip, warp: Strip}}
 */
export function layOutStrips({ arrays, box: [, , , top] }) {
  const rows = ROWS.filter(([, array]) => array === null || arrays[array]).map(([row]) => row);
  const ceiling = (/** @type {number} */ i) => -(GAP + i * (STRIP + GAP)) * top;
  const strips = rows.map((row, i) => [row, [ceiling(i) - STRIP * top, ceiling(i)]]);
  return { ...Object.fromEntries(strips), warp: [(GAP - DEPTH) * top, ceiling(rows.length)] };
}

/**
 * Points of one number as points of the picture: each keeps its x and has a height of its own in the strip, the same
 * in every frame, so that crowded places are seen as crowded.
 * @param {Float32Array} values
 * @param {Strip} strip
 * @returns {Float32Array} interleaved
 */
export function spreadPoints(values, [low, high]) {
  const points = new Float32Array(2 * values.length);
  values.forEach((value, i) => {
    points[2 * i] = value;
    points[2 * i + 1] = low + (((i + 0.5) * GOLDEN) % 1) * (high - low);
  });
  return points;
}

/**
 * Where the generated samples are in the picture.
 * @param {Scene} scene
 * @returns {Float32Array | undefined} interleaved
 */
export function placeGenerated(scene) {
  const values = scene.arrays.x_fake?.data;
  return values && spreadPoints(values, layOutStrips(scene).generated);
}
