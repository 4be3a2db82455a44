import assert from "node:assert/strict";
import { test } from "node:test";

import { placeBar } from "../../static/js/graph/bars.js";
import { PICTURE_NODES } from "../../static/js/graph/nodes.js";
import { measureWay } from "../../static/js/graph/unfolding.js";
import { drawGradients } from "../../static/js/layers/gradients.js";
import { drawRealPredictions } from "../../static/js/layers/samples.js";
import { createScoreScale } from "../../static/js/layers/score.js";
import { explainAbsence, listShown, switchLayer } from "../../static/js/layers/switch.js";
import { drawUnfolding, drawWarp } from "../../static/js/layers/warp.js";
import { nameFailure, traceFailure, traceMarks } from "../../static/js/plots/chart_frame.js";
import { describeMark } from "../../static/js/plots/mark_words.js";
import { createStore } from "../../static/js/store.js";

/** @typedef {import("../../static/js/layers/marks.js").Scene} Scene */
/** @typedef {import("../../static/js/state.js").Catalog} Catalog */
/** @typedef {import("../../static/js/state.js").Mark} Mark */

/**
 * @param {Record<string, {shape: number[], data: number[]}>} arrays
 * @returns {Scene}
 */
function buildScene(arrays) {
  const typed = Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]);
  return { arrays: Object.fromEntries(typed), dimension: 2, box: [-10, 10, -10, 10], score: createScoreScale({ kind: "probability" }, []) };
}

/** @param {import("../../static/js/layers/marks.js").Mark[]} marks */
function listPoints(marks) {
  return marks.flatMap((mark) => {
    if (mark.kind === "points") return [...mark.points];
    return mark.kind === "lines" ? mark.lines.flatMap((line) => [...line]) : [];
  });
}

const SQUARE = {
  warp_noise: { shape: [2, 2, 2], data: [-1, -1, 1, -1, -1, 1, 1, 1] },
  warp: { shape: [2, 2, 2], data: [3, 3, 4, 3, 3, 4, 5, 5] },
};
const LINE = {
  warp_noise: { shape: [441, 1], data: Array.from({ length: 441 }, (_, i) => i / 220 - 1) },
  warp: { shape: [441, 2], data: Array.from({ length: 882 }, (_, i) => 4 + (i % 7)) },
};

test("P26: the generator unfolds in two seconds, slow at both ends, and then shows what is so", () => {
  assert.equal(measureWay(0), 0);
  assert.equal(measureWay(1000), 0.5);
  assert.ok((measureWay(100) ?? 1) < 0.05 && (measureWay(1900) ?? 0) > 0.95);
  assert.equal(measureWay(2000), null);
  assert.equal(measureWay(Number.NaN), null);
});

test("P26: it begins as the regular lattice of the noise, laid over the box, and ends as the warp", () => {
  const scene = buildScene(SQUARE);
  const [, start] = drawUnfolding(scene, 0);
  assert.ok(start.kind === "lines");
  assert.deepEqual([...start.lines[0]], [-9, -9, 9, -9]);
  assert.deepEqual(drawUnfolding(scene, 1), drawWarp(scene));
});

test("F17: noise of one dimension unfolds from a line of its own points alone", () => {
  const scene = buildScene(LINE);
  const start = drawUnfolding(scene, 0);
  const points = listPoints(start);
  assert.equal(points.length, listPoints(drawWarp(scene)).length);
  assert.ok(points.every((value, i) => i % 2 === 0 || value === 0), "all lie on the middle line");
  const dots = start.find((mark) => mark.kind === "points");
  assert.ok(dots?.kind === "points");
  const places = [...dots.points].filter((_, i) => i % 2 === 0);
  assert.ok(places.every((x, i) => i === 0 || Math.abs(x - places[i - 1] - 0.9) < 1e-3), "evenly spaced, none twice");
  assert.deepEqual(drawUnfolding(scene, 1), drawWarp(scene));
});

test("P29: predictions are the samples in the colour of their score", () => {
  const scene = buildScene({ x_real: { shape: [2, 2], data: [0, 0, 1, 1] }, real_logits: { shape: [2], data: [-5, 5] } });
  const [mark] = drawRealPredictions(scene);
  const [low, high] = mark.positions ?? [];
  assert.ok(low > -1 && low < -0.9 && high < 1 && high > 0.9);
});

test("P30: a needle begins at its sample and tells the slope of the generator's loss", () => {
  const scene = buildScene({ x_fake: { shape: [1, 2], data: [1, 2] }, gradients: { shape: [1, 2], data: [3, 4] } });
  const [mark] = drawGradients(scene);
  assert.deepEqual([...mark.points], [1, 2]);
  assert.match(mark.describe(0), /falls by 5 per unit/);
});

test("P32: five nodes have the checkbox of a layer, each with a name of its own", () => {
  const layers = PICTURE_NODES.flatMap(({ layer }) => (layer ? [layer] : []));
  assert.deepEqual(layers.map(({ key }) => key).sort(), ["generated", "gradients", "real", "surface", "warp"]);
  assert.equal(new Set(layers.map(({ name }) => name)).size, 5);
});

test("P46: a layer that the data cannot have says why", () => {
  const unit = (/** @type {boolean} */ has_density) => ({ datasets: [{ key: "mine", label: "Mine", has_density }] });
  const state = (/** @type {boolean} */ has) => /** @type {any} */ ({ catalog: unit(has), config: { data: { name: "mine" } } });
  assert.match(explainAbsence(state(false), "density"), /density of Mine is not known/);
  assert.equal(explainAbsence(state(true), "density"), "");
  assert.equal(explainAbsence(state(false), "real"), "");
});

test("noise without a grid says so, and the generator is shown as the samples that it makes of it", () => {
  const latents = [{ key: "normal", has_lattice: true }, { key: "finite", label: "Finite set", has_lattice: false }];
  const run = (/** @type {string} */ name) => /** @type {any} */ ({ catalog: { latents }, config: { latent: { name } } });
  assert.match(explainAbsence(run("finite"), "warp"), /no grid .* over the noise Finite set/);
  assert.equal(explainAbsence(run("normal"), "warp"), "");
  const node = PICTURE_NODES.find(({ key }) => key === "generator");
  const x_fake = { shape: [1, 2], data: [1, 2] };
  assert.deepEqual(node?.draw(buildScene({ x_fake })).map(({ kind }) => kind), ["points"]);
  const warp = { shape: [2, 2, 2], data: [-1, -1, 1, -1, -1, 1, 1, 1] };
  assert.deepEqual(node?.draw(buildScene({ x_fake, warp })).map(({ kind }) => kind), ["cells", "lines"]);
});

test("the optimal discriminator says why it cannot be shown, and is the one ground when it can", () => {
  const catalog = {
    datasets: [{ key: "known", has_density: true }, { key: "drawn", label: "Drawn", has_density: false }],
    losses: [{ key: "usual", optimum: "log_ratio" }, { key: "hinge", label: "Hinge" }],
    techniques: [{ key: "pack", label: "Packs", moves_optimum: true }, { key: "ema", label: "Average" }],
    regularizers: [{ key: "smooth", label: "Smoothing", moves_optimum: true }, { key: "r1", label: "R1" }],
  };
  /** @param {string[]} units */
  const list = (units) => units.map((name) => ({ name }));
  /** @param {string} data @param {string} loss @param {string[]} techniques @param {string[]} regularizers @returns {any} */
  const run = (data, loss, techniques = [], regularizers = []) => {
    const units = { techniques: list(techniques), regularizers: list(regularizers) };
    return { catalog, config: { data: { name: data }, loss: { name: loss }, ...units } };
  };
  assert.equal(explainAbsence(run("known", "usual"), "optimum"), "");
  assert.equal(explainAbsence(run("known", "usual", ["ema"], ["r1"]), "optimum"), "");
  assert.equal(explainAbsence(run("known", "hinge"), "optimum"), "The best discriminator for the loss Hinge is not shown.");
  assert.match(explainAbsence(run("drawn", "usual"), "optimum"), /density of Drawn is not known/);
  assert.match(explainAbsence(run("known", "usual", ["ema", "pack"]), "optimum"), /^With Packs another discriminator is the best one/);
  assert.match(explainAbsence(run("known", "usual", [], ["r1", "smooth"]), "optimum"), /^With Smoothing another/);
  const store = /** @type {any} */ (createStore({ layersOn: new Set(["real", "surface"]) }));
  switchLayer(store, "optimum", true);
  assert.deepEqual([...store.get().layersOn], ["real", "optimum"]);
  switchLayer(store, "surface", true);
  assert.deepEqual([...store.get().layersOn], ["real", "surface"]);
  switchLayer(store, "surface", false);
  assert.deepEqual([...store.get().layersOn], ["real"]);
});

test("the discriminator that learns is the ground where the best one is wanted and cannot be shown", () => {
  const losses = [{ key: "usual", optimum: "log_ratio" }, { key: "hinge", label: "Hinge" }];
  const catalog = { losses, techniques: [], regularizers: [], datasets: [] };
  const state = (/** @type {string} */ loss) =>
    /** @type {any} */ ({ layersOn: new Set(["real", "optimum"]), catalog, config: { loss: { name: loss }, data: {}, techniques: [], regularizers: [] } });
  assert.deepEqual([...listShown(state("usual"))], ["real", "optimum"]);
  assert.deepEqual([...listShown(state("hinge"))], ["real", "surface"]);
  const store = /** @type {any} */ (createStore(state("hinge")));
  switchLayer(store, "surface", false);
  assert.deepEqual([...listShown(store.get())], ["real"]);
});

test("refined samples are asked for by a technique that draws them", () => {
  const techniques = [{ key: "ema", averaged: "generator" }, { key: "truncation", refines: true }];
  const run = (/** @type {string} */ name) => /** @type {any} */ ({ catalog: { techniques, regularizers: [] }, config: { techniques: [{ name }], regularizers: [] } });
  assert.match(explainAbsence(run("ema"), "refined"), /No technique draws samples/);
  assert.equal(explainAbsence(run("truncation"), "refined"), "");
  assert.match(explainAbsence(run("truncation"), "averaged"), /No average/);
});

test("F14: a loss of zero, a huge one and none at all each have a bar that stays within the scale", () => {
  const scale = { low: 0, high: 2 };
  assert.deepEqual([0, 1, 2, 1e9].map((loss) => placeBar(loss, scale).length), [0, 0.5, 1, 1]);
  assert.equal(placeBar(Number.NaN, scale).length, 0);
});

const CATALOG = /** @type {Catalog} */ (
  /** @type {unknown} */ ({
    losses: [
      { key: "non_saturating", label: "Non-saturating", parameters: [] },
      { key: "least_squares", label: "Least squares", parameters: [] },
    ],
    optimizers: [
      { key: "adam", label: "Adam", parameters: [{ key: "learning_rate", label: "Learning rate" }] },
      { key: "sgd", label: "SGD", parameters: [{ key: "learning_rate", label: "Learning rate" }] },
    ],
    run: {
      numbers: [{ key: "d_updates", label: "Discriminator updates" }],
      network: [{ key: "width", label: "Neurons per layer" }],
      sections: { loss: "losses", d_optimizer: "optimizers", g_optimizer: "optimizers" },
    },
  })
);

/** @param {Mark["changes"]} changes @returns {Mark} */
function mark(changes) {
  return { type: "mark", event: 1, step: 120, revision: 1, text: "changed", changes };
}

test("F26: a mark says whose rate was changed, from what to what", () => {
  const rate = mark({ "g_optimizer.learning_rate": [0.001, 0.01] });
  assert.deepEqual(describeMark(rate, CATALOG), ["Learning rate of the generator 0.001 → 0.01"]);
  const trace = traceMarks([rate], CATALOG, /** @type {any} */ ({ inkSoft: [0, 0, 0], strokes: 1 }));
  assert.deepEqual(trace.x, [120, 120, null]);
  assert.deepEqual(trace.text, ["Learning rate of the generator 0.001 → 0.01", "Learning rate of the generator 0.001 → 0.01", ""]);
});

test("F26: another unit is one change, by its label, without the parameters that came with it", () => {
  const swapped = mark({ "d_optimizer.name": ["adam", "sgd"], "d_optimizer.beta1": [0.5, null] });
  assert.deepEqual(describeMark(swapped, CATALOG), ["Optimizer of the discriminator Adam → SGD"]);
  const several = mark({ "loss.name": ["non_saturating", "least_squares"], d_updates: [1, 3], "generator.width": [8, 9] });
  assert.deepEqual(describeMark(several, CATALOG), [
    "Loss Non-saturating → Least squares",
    "Discriminator updates 1 → 3",
    "Neurons per layer of the generator 8 → 9",
  ]);
  assert.deepEqual(describeMark({ text: "reset", changes: {} }, CATALOG), ["Reset"]);
});

test("F15: the step at which a run broke is an upright line that says why", () => {
  const failure = { step: 41, player: "generator", quantity: "loss", message: "step 41: the generator's loss became infinite" };
  const trace = traceFailure(failure, /** @type {any} */ ({ bad: [9, 0, 0], strokes: 1 }));
  assert.deepEqual([trace.x, trace.y], [[41, 41], [0, 1]]);
  assert.deepEqual(trace.text, [failure.message, failure.message]);
});

test("where the lab itself could not go on with a run, the chart says so, and blames none of its numbers", () => {
  const palette = /** @type {any} */ ({ bad: [9, 0, 0], panel: [0, 0, 0], strokes: 1 });
  const lost = { step: 1200, player: "", quantity: "", message: "the run stopped: its processes were lost" };
  assert.equal(nameFailure(lost, palette, 12).text, "Stopped by the lab at step 1,200");
  assert.equal(
    nameFailure({ ...lost, player: "generator", quantity: "loss" }, palette, 12).text,
    "Broke at step 1,200:<br>generator's loss not finite",
  );
  assert.deepEqual([lost, { ...lost, player: "generator" }].map((failure) => traceFailure(failure, palette).name), [
    "Stopped",
    "Broke",
  ]);
});
