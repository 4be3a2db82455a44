import assert from "node:assert/strict";
import { test } from "node:test";

import { traceContour } from "../../static/js/layers/density.js";
import { chooseNeedle, drawGradients } from "../../static/js/layers/gradients.js";
import { LAYERS } from "../../static/js/layers/layers.js";
import { layOutStrips } from "../../static/js/layers/line/places.js";
import { drawReconstructions as drawOnLine } from "../../static/js/layers/line/reconstructions.js";
import { describeReturn, drawReconstructions } from "../../static/js/layers/reconstructions.js";
import { countOutside, drawGenerated, drawNoise, drawReal, drawRefined, frameNoise } from "../../static/js/layers/samples.js";
import { buildScene as makeScene } from "../../static/js/layers/scene.js";
import { createScoreScale } from "../../static/js/layers/score.js";
import { drawOptimum, drawSurface } from "../../static/js/layers/surface.js";
import { cutCells, drawWarp, fillCells, measureCells } from "../../static/js/layers/warp.js";
import { describeKnowledge } from "../../static/js/plots/layered_legend.js";
import { describeFewer, describeGap } from "../../static/js/plots/layered_parts.js";

/** @typedef {import("../../static/js/layers/marks.js").Scene} Scene */
/** @typedef {import("../../static/js/layers/marks.js").Box} Box */

/** @type {Box} */
const BOX = [-1, 1, -1, 1];

/**
 * @param {Record<string, {shape: number[], data: number[]}>} arrays
 * @returns {Scene}
 */
function buildScene(arrays) {
  const typed = Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]);
  return { arrays: Object.fromEntries(typed), dimension: 2, box: BOX, score: createScoreScale({ kind: "probability" }, []) };
}

/** @param {Float32Array} data */
const pair = (data) => ({ shape: [data.length / 2, 2], data });

test("no layer draws anything before its arrays are there", () => {
  assert.deepEqual(LAYERS.flatMap((layer) => layer.draw(buildScene({}))), []);
});

test("F32: real and generated samples differ in shape as well as in colour", () => {
  const points = { shape: [1, 2], data: [0.5, 0.25] };
  const [real] = drawReal(buildScene({ x_real: points }));
  const [generated] = drawGenerated(buildScene({ x_fake: points }));
  assert.deepEqual([real.shape, real.colour], ["circle", "real"]);
  assert.deepEqual([generated.shape, generated.colour], ["diamond", "generated"]);
});

test("P27: a sample's words are its coordinates and its score", () => {
  const scene = buildScene({ x_fake: { shape: [1, 2], data: [0.5, -0.25] }, fake_logits: { shape: [1], data: [2] } });
  const [mark] = drawGenerated(scene);
  assert.match(mark.describe?.(0) ?? "", /x 0\.5, y −0\.25.*probability of being real 0\.881 \(scored real\)/);
});

test("F4: samples outside the box are counted, lost ones too", () => {
  const data = Float32Array.of(0, 0, 1, 1, 1.01, 0, 0, -2, Number.NaN, 0);
  assert.equal(countOutside({ shape: [5, 2], data }, BOX), 3);
});

test("P28: the surface keeps its rows and reads a high output as real", () => {
  const [image] = drawSurface(buildScene({ surface: { shape: [2, 3], data: [-9, 0, 9, 0, 0, 1] } }));
  assert.deepEqual([image.rows, image.columns], [2, 3]);
  assert.ok(image.positions[0] < -0.99 && image.positions[1] === 0 && image.positions[2] > 0.99);
});

test("the best discriminator is drawn in the colours of the one that learns, and its gap is told", () => {
  const scene = buildScene({ optimal_surface: { shape: [1, 2], data: [-9, 0] }, optimal_gap: { shape: [1], data: [0.125] } });
  const [image] = drawOptimum(scene);
  assert.ok(image.positions[0] < -0.99 && image.positions[1] === 0);
  assert.match(image.describe(1), /^Best discriminator<br>probability of being real 0\.5 /);
  assert.match(describeGap(scene), /is 0\.125 away from it/);
  assert.equal(describeGap(buildScene({})), "");
});

test("the caption says of how many samples the first are shown, where they are not all", () => {
  const scene = buildScene({ x_fake: { shape: [2, 2], data: [0, 0, 1, 1] } });
  assert.equal(describeFewer({ ...scene, samples: 250 }), "To keep up, 2 of 250 samples are shown");
  assert.match(describeFewer({ ...scene, samples: 250, box: [-0.5, 0.5, -1, 1] }), /are shown; 1 of them lies outside$/);
  assert.equal(describeFewer({ ...scene, samples: 2 }), "");
  assert.equal(describeFewer(scene), "");
});

test("the caption says in whose company a place is scored, where the discriminator sees points so", () => {
  const state = (/** @type {object[]} */ techniques) => /** @type {any} */ ({
    frame: { arrays: {}, box: BOX },
    catalog: { losses: [], regularizers: [], latents: [], datasets: [], techniques: [{ key: "ema" }, { key: "pacgan", company: true, packs: "size" }, { key: "stddev", company: true }, { key: "diffusion", level: "t, how far" }, { key: "bigan", encodes: true }] },
    config: { regularizers: [], techniques, latent: {}, data: {}, loss: {} },
  });
  const told = (/** @type {object} */ technique) => makeScene(state([technique]))?.company ?? "";
  assert.match(told({ name: "pacgan", size: 3 }), /sees 3 points at once: a place is scored beside 2 generated samples,/);
  assert.match(told({ name: "pacgan", size: 2 }), /beside 1 generated sample,/);
  assert.match(told({ name: "diffusion" }), /told t, how far: a place is scored at 0,/);
  assert.match(told({ name: "stddev" }), /told how widely the samples are spread/);
  assert.match(told({ name: "bigan" }), /a place is scored with the noise that the encoder answers it with$/);
  assert.equal(told({ name: "ema" }), "");
});

test("an arrow goes from a real sample to its reconstruction, and ends there in a head", () => {
  const scene = buildScene({ x_real: { shape: [2, 2], data: [0, 0, 1, 1] }, x_reconstructed: { shape: [2, 2], data: [3, 4, 1, 1] } });
  const [{ lines: [arrow] }] = readLines(drawReconstructions(scene));
  const [x, y, endX, endY, leftX, leftY, ...rest] = arrow;
  assert.deepEqual([x, y, endX, endY, ...rest.slice(0, 2)], [0, 0, 3, 4, 3, 4]);
  assert.ok(Math.abs(Math.hypot(leftX - 3, leftY - 4) - 0.018 * 2) < 1e-6);
  assert.ok(Math.hypot(leftX, leftY) < 5);
  assert.equal(describeReturn(scene), "A real sample comes back 2.5 from its place, on average");
});

test("samples on the line come back along x, in the strip of the real ones", () => {
  const scene = buildScene({ x_real: { shape: [2, 1], data: [0, 0.5] }, x_reconstructed: { shape: [2, 1], data: [1, -0.5] } });
  const [{ lines }] = readLines(drawOnLine(scene));
  const [low, high] = layOutStrips(scene).real;
  assert.deepEqual(lines.map(([x, , endX]) => [x, endX]), [[0, 1], [0.5, -0.5]]);
  for (const [, y, , endY] of lines) assert.ok(y === endY && low < y && y < high);
  assert.match(describeReturn(scene), /comes back 1 from/);
});

test("there is no arrow while its ends are of different frames, or where no encoder is trained", () => {
  const real = { shape: [1, 2], data: [0, 0] };
  for (const scene of [buildScene({ x_real: real }), buildScene({ x_real: real, x_reconstructed: { shape: [2, 2], data: [1, 1, 2, 2] } })]) {
    assert.deepEqual(drawReconstructions(scene), []);
    assert.equal(describeReturn(scene), "");
  }
});

/** @param {import("../../static/js/layers/marks.js").Mark[]} marks */
function readLines(marks) {
  return marks.flatMap((mark) => (mark.kind === "lines" ? [mark] : []));
}

test("the caption says what the real samples are, where generated ones take their place", () => {
  const state = (/** @type {object[]} */ techniques) => /** @type {any} */ ({
    frame: { arrays: {}, box: BOX },
    catalog: { losses: [], regularizers: [], latents: [], datasets: [], techniques: [{ key: "ema" }, { key: "retraining", renews_data: true }] },
    config: { regularizers: [], techniques, latent: {}, data: {}, loss: {} },
  });
  const told = (/** @type {object} */ technique) => makeScene(state([technique]))?.renewal;
  assert.match(told({ name: "retraining", k: 300, share: 0.25 }) ?? "", /every 300 steps generated ones replace them, but for 25 % of the first/);
  assert.equal(told({ name: "ema" }), "");
});

test("what a layer had before a setting ended it is not in the picture any more", () => {
  const array = { shape: [1], data: Float32Array.of(0) };
  const names = ["x_averaged", "x_refined", "x_reconstructed", "optimal_surface", "optimal_gap", "surface", "x_fake"];
  const frame = { arrays: Object.fromEntries(names.map((name) => [name, array])), box: BOX };
  const catalog = {
    losses: [{ key: "usual", is_game: true, optimum: "log_ratio" }, { key: "hinge", label: "Hinge", is_game: true }],
    regularizers: [{ key: "smoothing", label: "Smoothing", moves_optimum: true }],
    techniques: [{ key: "ema", averaged: "generator" }, { key: "truncation", refines: true }, { key: "bigan", encodes: true }],
    datasets: [],
    latents: [],
  };
  /** @param {string} loss @param {string[]} techniques @param {string[]} regularizers */
  const left = (loss, techniques, regularizers = []) => {
    const list = (/** @type {string[]} */ units) => units.map((name) => ({ name }));
    const lists = { techniques: list(techniques), regularizers: list(regularizers) };
    const config = { ...lists, latent: {}, data: {}, loss: { name: loss } };
    return Object.keys(makeScene(/** @type {any} */ ({ frame, catalog, config }))?.arrays ?? {});
  };
  assert.deepEqual(left("usual", ["ema", "truncation", "bigan"]), names);
  assert.deepEqual(left("usual", ["truncation", "bigan"]), names.filter((name) => name !== "x_averaged"));
  assert.deepEqual(left("usual", ["ema", "bigan"]), names.filter((name) => name !== "x_refined"));
  assert.deepEqual(left("usual", ["ema", "truncation"]), names.filter((name) => name !== "x_reconstructed"));
  assert.deepEqual(left("hinge", ["ema", "truncation", "bigan"]), names.filter((name) => !name.startsWith("optimal")));
  assert.deepEqual(left("usual", ["ema", "truncation", "bigan"], ["smoothing"]), names.filter((name) => !name.startsWith("optimal")));
});

test("the legend claims to know the law of few real points, and not that no other judges these better", () => {
  const told = (/** @type {object} */ data) => describeKnowledge(/** @type {any} */ ({ data }));
  assert.match(told({ size: 0 }), /how often .* at every spot, and no other judges better/);
  assert.equal(told({}), told({ size: 0 }));
  assert.match(told({ size: 20 }), /^the law .*not only the few real ones that the run learns from\.$/);
});

test("refined samples are rings, which no other sort is", () => {
  const [mark] = drawRefined(buildScene({ x_refined: { shape: [1, 2], data: [0.5, 0.25] } }));
  assert.deepEqual([mark.shape, mark.colour], ["ring", "generator"]);
  assert.match(mark.describe?.(0) ?? "", /Refined sample<br>x 0\.5, y 0\.25/);
});

test("P24: noise of one dimension lies on a line and is framed by a square", () => {
  const [{ points }] = drawNoise(buildScene({ z: { shape: [3, 1], data: [-2, 0, 2] } }));
  assert.deepEqual([...points], [-2, 0, 0, 0, 2, 0]);
  const [x0, x1, y0, y1] = frameNoise(points);
  assert.ok(x0 < -2 && x1 > 2 && y0 < 0);
  assert.equal(x1 - x0, y1 - y0);
});

test("needles wait until every sample has its gradient", () => {
  const x_fake = { shape: [2, 2], data: [0, 0, 1, 1] };
  assert.deepEqual(drawGradients(buildScene({ x_fake, gradients: { shape: [1, 2], data: [1, 1] } })), []);
  assert.equal(drawGradients(buildScene({ x_fake, gradients: { shape: [2, 2], data: [1, 1, 2, 2] } })).length, 1);
});

test("P44: the needle's scale is round and near the strong gradients", () => {
  assert.equal(chooseNeedle(pair(Float32Array.of(0.3, 0.4, 0.3, 0.4)), null), 0.5);
  assert.equal(chooseNeedle(pair(Float32Array.of(0, 130)), null), 200);
  assert.equal(chooseNeedle(pair(new Float32Array(8)), null), 1);
});

test("the needle's scale stays while it serves, and changes when it does not", () => {
  assert.equal(chooseNeedle(pair(Float32Array.of(0.7, 0)), 0.5), 0.5);
  assert.equal(chooseNeedle(pair(Float32Array.of(0.2, 0)), 0.5), 0.5);
  assert.equal(chooseNeedle(pair(Float32Array.of(1.7, 0)), 0.5), 2);
  assert.equal(chooseNeedle(pair(Float32Array.of(0.0045, 0)), 0.5), 0.005);
});

test("P25: cells of the warp have the lattice's areas, folded ones not less than nothing", () => {
  const lattice = { shape: [2, 3, 2], data: Float32Array.of(0, 0, 1, 0, 3, 0, 0, 2, 1, 2, 3, 2) };
  assert.deepEqual([...measureCells(cutCells(lattice))], [2, 4]);
  const mirrored = Float32Array.of(0, 0, -1, 0, -1, 2, 0, 2);
  assert.deepEqual([...measureCells(mirrored)], [2]);
});

test("P25: the smaller a cell the stronger its filling, up to a bound", () => {
  const cell = (/** @type {number} */ side) => [0, 0, side, 0, side, side, 0, side];
  const [large, small, point] = fillCells(Float32Array.from([...cell(1), ...cell(0.1), ...cell(0)]), 4);
  assert.ok(0 < large && large < small && small < point && point < 1);
});

test("noise of one dimension is warped to a curve with dots", () => {
  const data = Array.from({ length: 882 }, (_, i) => i);
  const marks = drawWarp(buildScene({ warp: { shape: [441, 2], data } }));
  assert.deepEqual(marks.map(({ kind }) => kind), ["lines", "points"]);
  const [, dots] = marks;
  assert.ok(dots.kind === "points" && dots.points.length === 42 && dots.points[41] === 881);
});

test("P46: a contour runs where the density has its height", () => {
  const size = 20;
  const data = Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [((i % size) + 0.5) / 10 - 1, (Math.floor(i / size) + 0.5) / 10 - 1];
    return 1 - Math.hypot(x, y);
  });
  const lines = traceContour({ shape: [size, size], data }, 0.5, BOX);
  const distances = lines.flatMap((line) => [Math.hypot(line[0], line[1]), Math.hypot(line[2], line[3])]);
  assert.ok(lines.length > 20);
  assert.ok(distances.every((distance) => Math.abs(distance - 0.5) < 0.01));
});
