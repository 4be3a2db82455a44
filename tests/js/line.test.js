import assert from "node:assert/strict";
import { test } from "node:test";

import { findNode, frameNode } from "../../static/js/graph/line_nodes.js";
import { PICTURE_NODES } from "../../static/js/graph/nodes.js";
import { findDimension, followDimension, listDefaults, measureDimension } from "../../static/js/layers/dimension.js";
import { chooseNeedle } from "../../static/js/layers/gradients.js";
import { LAYERS } from "../../static/js/layers/layers.js";
import { drawChosen } from "../../static/js/layers/line/chosen.js";
import { closeCurve, traceCells, traceCurve } from "../../static/js/layers/line/curves.js";
import { drawDensity } from "../../static/js/layers/line/density.js";
import { drawGradients } from "../../static/js/layers/line/gradients.js";
import { chooseBell, estimateDensity } from "../../static/js/layers/line/kernel.js";
import { LINE_LAYERS } from "../../static/js/layers/line/layers.js";
import { framePicture, layOutStrips, placeGenerated, spreadPoints } from "../../static/js/layers/line/places.js";
import { describePeak, drawAveraged, drawGenerated, drawReal, drawRefined } from "../../static/js/layers/line/samples.js";
import { drawOptimum, drawSurface, drawSurfaceChange } from "../../static/js/layers/line/surface.js";
import { drawUnfolding, drawWarp } from "../../static/js/layers/line/warp.js";
import { findPicture } from "../../static/js/layers/pictures.js";
import { countOutside } from "../../static/js/layers/samples.js";
import { createScoreScale } from "../../static/js/layers/score.js";
import { describeFrame, layOutLine } from "../../static/js/plots/line_frame.js";
import { makeTraces } from "../../static/js/plots/traces.js";
import { buildState } from "../../static/js/state.js";
import { createStore } from "../../static/js/store.js";

/** @typedef {import("../../static/js/layers/marks.js").Scene} Scene */
/** @typedef {import("../../static/js/layers/marks.js").Box} Box */
/** @typedef {import("../../static/js/layers/marks.js").Mark} Mark */

/** An interval of x, and half a unit of density. @type {Box} */
const BOX = [-4, 4, 0, 0.5];

/**
 * @param {Record<string, {shape: number[], data: ArrayLike<number>}>} arrays
 * @param {import("../../static/js/layers/score.js").ScoreRule} rule
 * @returns {Scene}
 */
function buildScene(arrays, rule = { kind: "probability" }) {
  const typed = Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]);
  return { arrays: Object.fromEntries(typed), dimension: 1, box: BOX, score: createScoreScale(rule, []) };
}

/** @param {readonly number[]} data */
const column = (data) => ({ shape: [data.length, 1], data });
/** @param {readonly number[]} data */
const row = (data) => ({ shape: [1, data.length], data });

/**
 * @template {Mark["kind"]} K
 * @param {readonly Mark[]} marks
 * @param {K} kind
 * @returns {Extract<Mark, {kind: K}>}
 */
function findMark(marks, kind) {
  const mark = marks.find((one) => one.kind === kind);
  assert.ok(mark, `no ${kind} among ${marks.map((one) => one.kind)}`);
  return /** @type {Extract<Mark, {kind: K}>} */ (mark);
}

/** The standard normal density. @param {number} x */
const bell = (x) => Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);
/** Heights of marks from the lowest to the highest. @param {Float32Array} points */
const findHeights = (points) => {
  const heights = [...points].filter((_, i) => i % 2 === 1);
  return [Math.min(...heights), Math.max(...heights)];
};

test("the layers of the line have the names, the order and the arrays of those in the plane", () => {
  const facts = (/** @type {readonly import("../../static/js/layers/layers.js").Layer[]} */ layers) =>
    layers.map(({ key, label, arrays }) => [key, label, arrays]);
  assert.deepEqual(facts(LINE_LAYERS), facts(LAYERS));
  assert.ok(LINE_LAYERS.every(({ help }) => !/\bgrid\b|\bplace\b|inner lines/.test(help)));
});

test("no layer of the line draws anything before its arrays are there", () => {
  assert.deepEqual(LINE_LAYERS.flatMap((layer) => layer.draw(buildScene({}))), []);
});

test("a frame's own points say of how many numbers they are, and the data set says it before", () => {
  assert.equal(measureDimension(buildScene({ x_fake: column([1, 2]) }).arrays), 1);
  assert.equal(measureDimension(buildScene({ x_real: { shape: [1, 2], data: [1, 2] } }).arrays), 2);
  const run = /** @type {any} */ ({ catalog: { datasets: [{ key: "bump", dimension: 1 }, { key: "ring" }] }, config: { data: { name: "bump" } } });
  assert.deepEqual([findDimension(run), findDimension({ ...run, config: { data: { name: "ring" } } }), findDimension({})], [1, 2, 2]);
  assert.notEqual(findPicture(1), findPicture(2));
});

test("the picture holds the densities above and every strip below, none over another", () => {
  const [, , low, high] = framePicture(BOX);
  const strips = layOutStrips(buildScene({ x_averaged: column([0]), x_refined: column([0]) }));
  const edges = ["warp", "refined", "averaged", "generated", "real"].flatMap((name) => strips[/** @type {"real"} */ (name)]);
  assert.deepEqual(edges.toSorted((a, b) => a - b), edges);
  assert.ok(low < edges[0] && edges[9] < 0 && high > BOX[3]);
  assert.ok(strips.warp[1] - strips.warp[0] > 0.1 * BOX[3]);
  assert.ok(!("averaged" in layOutStrips(buildScene({}))));
});

test("in a strip a sample keeps its x, and its height is the same in every frame", () => {
  const points = spreadPoints(Float32Array.of(-1, 0, 3), [-2, -1]);
  assert.deepEqual([points[0], points[2], points[4]], [-1, 0, 3]);
  const [low, high] = findHeights(points);
  assert.ok(low >= -2 && high <= -1 && high > low);
  assert.equal(spreadPoints(Float32Array.of(7, 7, 7), [-2, -1])[3], points[3]);
});

test("the estimate of a density is that of the samples' bells, as written down from its definition", () => {
  const samples = Float32Array.of(-1.7, 0.2, 0.25, 3.9);
  const width = 0.2;
  const heights = estimateDensity(samples, BOX, width);
  [...traceCurve(heights, BOX)].forEach((x, i, line) => {
    if (i % 2 === 1) return;
    const expected = samples.reduce((sum, sample) => sum + bell((x - sample) / width) / width, 0) / samples.length;
    assert.ok(Math.abs(line[i + 1] - expected) < 0.004, `${line[i + 1]} at ${x}, expected ${expected}`);
  });
});

test("the estimate adds up to the share of the samples in the picture, whatever lies outside or is no number", () => {
  const heights = estimateDensity(Float32Array.of(-1, 0, 50, Number.NaN), BOX, 0.1);
  const area = heights.reduce((sum, height) => sum + height, 0) * (8 / (heights.length - 1));
  assert.ok(Math.abs(area - 0.5) < 1e-4);
  const beside = estimateDensity(Float32Array.of(4.2), BOX, 0.2);
  assert.ok(Math.abs(/** @type {number} */ (beside.at(-1)) - bell(1) / 0.2) < 0.02);
  assert.ok(estimateDensity(new Float32Array(0), BOX, 0.1).every((height) => height === 0));
});

test("the bell is narrower where densities are higher, and never wider or narrower than can be seen", () => {
  assert.equal(chooseBell(BOX), 0.2);
  assert.equal(chooseBell([-4, 4, 0, 1]), 0.1);
  assert.equal(chooseBell([-4, 4, 0, 1e-3]), 0.2);
  assert.equal(chooseBell([-4, 4, 0, 1e3]), 0.03);
});

test("a curve of cells runs through their middles and is level to both ends", () => {
  assert.deepEqual([...traceCells([1, 2], [0, 4])], [0, 1, 1, 1, 3, 2, 4, 2]);
  assert.deepEqual([...closeCurve(Float32Array.of(0, 1, 4, 2))], [0, 0, 0, 1, 4, 2, 4, 0]);
});

test("the real density is a curve of its heights, filled to the axis, with words", () => {
  const marks = drawDensity(buildScene({ density: row([0.1, 0.4, 0.1, 0]) }));
  const line = findMark(marks, "lines");
  assert.deepEqual([...line.lines[0]].map((value) => Number(value.toFixed(3))), [-4, 0.1, -3, 0.1, -1, 0.4, 1, 0.1, 3, 0, 4, 0]);
  assert.match(line.describe?.(2) ?? "", /Real density<br>0\.4 at x −1/);
  assert.deepEqual([findMark(marks, "area").colour, line.colour, line.dash], ["real", "real", undefined]);
});

test("real and generated samples differ in shape, strip and colour, and the generated ones have a curve", () => {
  const scene = buildScene({ x_real: column([0.5]), x_fake: column([0.5]), fake_logits: { shape: [1], data: [2] } });
  const [real, generated] = [findMark(drawReal(scene), "points"), findMark(drawGenerated(scene), "points")];
  assert.deepEqual([real.shape, real.colour, generated.shape, generated.colour], ["circle", "real", "diamond", "generated"]);
  assert.ok(findHeights(generated.points)[1] < findHeights(real.points)[0]);
  assert.match(generated.describe?.(0) ?? "", /^Generated sample<br>x 0\.5<br>probability of being real 0\.881 \(scored real\)$/);
  assert.match(findMark(drawGenerated(scene), "lines").describe?.(225) ?? "", /density<br>about .* at x 0\.5$/);
  assert.equal(drawReal(scene).length, 1);
});

test("averaged and refined samples have strips of their own and curves that are dashed in their own ways", () => {
  const scene = buildScene({ x_fake: column([0]), x_averaged: column([0]), x_refined: column([0]) });
  const dashes = [drawGenerated, drawAveraged, drawRefined].map((draw) => String(findMark(draw(scene), "lines").dash));
  assert.equal(new Set(dashes).size, 3);
  assert.equal(findMark(drawRefined(scene), "points").shape, "ring");
});

test("the ground is a row of columns over all that is x, and the dashed curve is the probability itself", () => {
  const scene = buildScene({ surface: row([-2, 0, 2]), x_fake: column([0]) });
  const [image, curve] = [findMark(drawSurface(scene), "image"), findMark(drawSurface(scene), "lines")];
  assert.deepEqual([image.rows, image.columns], [1, 3]);
  assert.ok(image.box[2] >= layOutStrips(scene).warp[1] && image.box[2] < layOutStrips(scene).generated[0]);
  const sigmoid = (/** @type {number} */ d) => 1 / (1 + Math.exp(-d));
  [-2, 0, 2].forEach((d, i) => assert.ok(Math.abs(curve.lines[0][2 * i + 3] / BOX[3] - sigmoid(d)) < 1e-6));
  assert.ok(curve.dash?.length);
  assert.match(image.describe(1), /^Discriminator at x 0<br>probability of being real 0\.5 \(undecided\)/);
});

test("the best discriminator is drawn alike, and so is the push on the score", () => {
  const best = findMark(drawOptimum(buildScene({ optimal_surface: row([-9, 9]) })), "image");
  assert.match(best.describe(0), /^Best discriminator at x −2<br>/);
  assert.ok(best.positions[0] < -0.99 && best.positions[1] > 0.99);
  const push = drawSurfaceChange(buildScene({ surface_change: row([-1, 0.5]) }));
  assert.match(findMark(push, "image").describe(1), /Push on the score<br>0\.5 of the strongest/);
});

test("needles lie along x, begin at their samples, and say to which side", () => {
  const scene = buildScene({ x_fake: column([0, 1]), gradients: column([-2, 0.5]) });
  const [{ points, vectors, describe }] = drawGradients(scene);
  assert.deepEqual(points, placeGenerated(scene));
  assert.deepEqual([...vectors], [-2, 0, 0.5, 0]);
  assert.match(describe(0), /falls by 2 per unit to the left/);
  assert.match(describe(1), /falls by 0\.5 per unit to the right/);
  assert.deepEqual(drawGradients(buildScene({ x_fake: column([0, 1]), gradients: column([1]) })), []);
  assert.equal(chooseNeedle({ shape: [3, 1], data: Float32Array.of(-0.5, 0.5, -0.5) }, null), 0.5);
});

test("a needle's trace has its length along x and its thickness in pixels, whatever the densities' unit", () => {
  const palette = /** @type {any} */ (new Proxy({}, { get: () => [1, 2, 3] }));
  const [needles] = drawGradients(buildScene({ x_fake: column([1]), gradients: column([4]) }));
  const view = { box: BOX, width: 100, height: 50, scale: 1, needle: 2 };
  const [shape, hover] = makeTraces(needles, view, palette);
  assert.ok(Math.abs(/** @type {number[]} */ (hover.x)[0] - (1 + 0.2 * 8)) < 1e-5);
  const [upper, , lower] = /** @type {number[]} */ (shape.y);
  assert.ok(Math.abs((upper - lower) / (BOX[3] / 50) - 2.4) < 1e-3);
});

test("lines of the warp lead from evenly spaced noise to where it lands, each at its own place", () => {
  const warp = Array.from({ length: 441 }, (_, i) => Math.tanh(i / 220 - 1));
  const scene = buildScene({ warp: { shape: [441, 1], data: warp } });
  const fan = drawWarp(scene).flatMap((mark) => (mark.kind === "lines" && mark.colour === "generator" ? mark.lines : []));
  const gaps = fan.slice(1).map((line, i) => line[0] - fan[i][0]);
  assert.ok(fan.length === 41 && gaps.every((gap) => gap > 0 && Math.abs(gap - gaps[20]) < 0.02));
  assert.ok(Math.abs(fan[20][2] - warp[220]) < 1e-6);
  const { warp: [low, high] } = layOutStrips(scene);
  assert.ok(fan.every(([, y0, , y1]) => Math.abs(y0 - low) < 1e-6 && Math.abs(y1 - high) < 1e-6));
});

test("noise of two numbers stands in rows, and each line ends where its own noise is sent", () => {
  const lattice = Array.from({ length: 441 }, (_, i) => (i % 21) + 100 * Math.floor(i / 21));
  const [, fan] = drawWarp(buildScene({ warp: { shape: [21, 21, 1], data: lattice } }));
  assert.ok(fan.kind === "lines" && fan.lines.length === 63);
  const levels = new Set(fan.lines.map((line) => line[1]));
  assert.equal(levels.size, 3);
  assert.deepEqual(fan.lines.slice(21, 23).map((line) => line[2]), [1000, 1001]);
});

test("before the generator acts, the lines have not left their noise", () => {
  const scene = buildScene({ warp: { shape: [9, 1], data: [0, 1, 2, 3, 4, 5, 6, 7, 8] } });
  const [, fan] = drawUnfolding(scene, 0, [0, 1]);
  assert.ok(fan.kind === "lines" && fan.lines.every(([x, y, endX, endY]) => x === endX && y === endY));
});

test("samples outside the interval are counted by x alone, and a curve above the picture is told", () => {
  assert.equal(countOutside({ shape: [4, 1], data: Float32Array.of(0, 4, 4.1, Number.NaN) }, BOX), 2);
  assert.match(describePeak(buildScene({ x_fake: column([1, 1, 1]) })), /rises to about 1\.9/);
  assert.equal(describePeak(buildScene({ x_fake: column([-3, -2, -1, 0, 1, 2, 3]) })), "");
});

test("the marked sample is ringed in its strip, and its arrow leads along x", () => {
  const scene = buildScene({ x_fake: column([0, 1]), gradients: column([0, 2]) });
  const marks = drawChosen({ ...scene, chosen: { index: 1, move: [-0.001] } });
  const [ring, arrow] = [findMark(marks, "points"), findMark(marks, "arrow")];
  assert.deepEqual(ring.points, placeGenerated(scene)?.slice(2, 4));
  assert.deepEqual([...findMark(marks, "needles").vectors], [2, 0]);
  assert.ok(arrow.to[0] < arrow.from[0] && arrow.to[1] === arrow.from[1]);
  assert.deepEqual(drawChosen({ ...scene, chosen: { index: 2, move: null } }), []);
});

test("signs stand at the strips that are shown, and at the ends of the score's scale", () => {
  const scene = buildScene({ surface: row([0]), warp: { shape: [1, 1], data: [0] } });
  /** @param {Scene} one @param {string[]} shown */
  const texts = (one, shown) => {
    const frame = describeFrame(one, new Set(shown));
    return frame && [...frame.signs, ...frame.labels].map(({ text }) => text);
  };
  assert.deepEqual(texts(scene, ["real", "surface"]), ["●", "probability density", "D(x) = 1", "D(x) = 0"]);
  assert.deepEqual(texts(scene, ["generated", "warp"]), ["◆", "G(z)", "z", "probability density"]);
  const relative = buildScene({ surface: row([0, 3]) }, { kind: "relative" });
  assert.deepEqual(texts(relative, ["surface"])?.slice(1), ["score high", "score low"]);
  assert.equal(describeFrame({ ...scene, dimension: 2 }, new Set()), null);
});

test("the axis of densities has round numbers from 0 to the top and none below, where the signs are", () => {
  const palette = /** @type {any} */ (new Proxy({}, { get: () => [1, 2, 3] }));
  const frame = { top: 0.86, signs: [{ y: -0.2, text: "●", colour: /** @type {const} */ ("real") }], labels: [] };
  const { tickvals, ticktext, fixedrange } = layOutLine(frame, { palette, font: { family: "", size: 12 } }).yaxis;
  assert.deepEqual(tickvals, [0, 0.2, 0.4, 0.6, 0.8, -0.2]);
  assert.deepEqual(/** @type {string[]} */ (ticktext).slice(0, 5), ["0", "0.2", "0.4", "0.6", "0.8"]);
  assert.equal(fixedrange, true);
});

test("small pictures of the overview have all their marks in sight", () => {
  const data = Array.from({ length: 20 }, (_, i) => i / 5 - 2);
  const logits = { shape: [20], data };
  const scene = buildScene({
    x_real: column(data), x_fake: column(data), real_logits: logits, fake_logits: logits, surface: row(data),
    surface_change: row(data), gradients: column(data), warp: { shape: [20, 1], data },
  });
  for (const node of PICTURE_NODES.filter(({ key }) => key !== "noise" && key !== "encoder")) {
    const marks = findNode(node, 1).draw(scene);
    const [, , low, high] = frameNode(node.key, scene);
    assert.ok(marks.length > 0, node.key);
    for (const mark of marks) {
      if (mark.kind === "image") assert.ok(mark.box[2] <= low && mark.box[3] >= high, node.key);
      if (mark.kind !== "points" && mark.kind !== "needles") continue;
      const [least, most] = findHeights(mark.points);
      assert.ok(least > low && most < high, node.key);
    }
  }
  assert.equal(findNode(PICTURE_NODES[0], 2), PICTURE_NODES[0]);
  assert.doesNotMatch(findNode(PICTURE_NODES[1], 1).help, /grid/);
});

test("densities and warp are switched on with one-dimensional data, unless somebody chose layers", async () => {
  const catalog = { datasets: [{ key: "bump", dimension: 1 }, { key: "ring", dimension: 2 }] };
  const look = /** @type {any} */ ({});
  /** @param {boolean} areChosen @param {string[]} names */
  async function follow(areChosen, names) {
    const store = createStore(buildState(look));
    followDimension(store, { areChosen, signal: new AbortController().signal });
    for (const name of names) {
      store.set(/** @type {any} */ ({ catalog, config: { data: { name } } }));
      await null;
    }
    return [...store.get().layersOn].toSorted();
  }
  assert.deepEqual(await follow(false, ["bump"]), listDefaults(1).toSorted());
  assert.deepEqual(await follow(false, ["bump", "ring"]), listDefaults(2).toSorted());
  assert.deepEqual(await follow(true, ["bump"]), listDefaults(2).toSorted());
});

test("only x is looked at closer", () => {
  const home = findPicture(1).frame(BOX);
  assert.deepEqual(findPicture(1).hold([-1, 1, 7, 8], home), [-1, 1, home[2], home[3]]);
  assert.deepEqual(findPicture(2).hold([-1, 1, 7, 8], home), [-1, 1, 7, 8]);
});
