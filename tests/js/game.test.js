import assert from "node:assert/strict";
import { test } from "node:test";

import { titlePhase } from "../../static/js/inspector/phase_words.js";
import { describeAbsence } from "../../static/js/controls/switches.js";
import { explainNoPart, isGame } from "../../static/js/layers/game.js";
import { drawStreams } from "../../static/js/layers/streams.js";
import { buildScene } from "../../static/js/layers/scene.js";
import { explainAbsence } from "../../static/js/layers/switch.js";

/** @typedef {import("../../static/js/state.js").PageState} PageState */

/** @param {string} name @returns {any} a page's state as far as these ask for it */
function run(name) {
  const losses = [
    { key: "hinge", label: "Hinge", is_game: true, optimum: "share" },
    { key: "mmd", label: "MMD", is_game: false, makes_points: true, words: { part: "It compares.", loss: "Loss: how near?" } },
    { key: "glo", label: "GLO", is_game: false, makes_points: false, has_codes: true },
    { key: "flow", label: "Flow", is_game: false, makes_points: false, moves_noise: true, words: { part: "It flows.", generate: "Generate: v" } },
  ];
  const catalog = { losses, regularizers: [], techniques: [], datasets: [], latents: [] };
  return { catalog, config: { loss: { name }, regularizers: [], techniques: [], data: {}, latent: {} } };
}

test("a run is a game until its loss is known to need no discriminator", () => {
  assert.deepEqual([isGame({}), isGame(run("hinge")), isGame(run("mmd"))], [true, true, false]);
  assert.equal(explainNoPart(run("hinge")), "");
  assert.match(explainNoPart(run("mmd")), /takes no part. It compares/);
});

test("what a discriminator said before is not shown any more, and the rest stays as it is", () => {
  const names = ["x_fake", "surface", "surface_change", "real_logits", "fake_logits"];
  const arrays = Object.fromEntries(names.map((name) => [name, { shape: [1], data: Float32Array.of(0) }]));
  const left = (/** @type {string} */ loss) => buildScene({ ...run(loss), frame: { arrays, box: [-1, 1, -1, 1] } })?.arrays ?? {};
  assert.deepEqual(left("hinge"), arrays);
  assert.deepEqual(left("mmd"), { x_fake: arrays.x_fake });
});

test("the surface's layer says why it is not there", () => {
  assert.equal(explainAbsence(run("hinge"), "surface"), "");
  assert.match(explainAbsence(run("mmd"), "surface"), /takes no part/);
});

test("where no sample is priced there are no needles, and their layer says why", () => {
  assert.equal(explainAbsence(run("mmd"), "gradients"), "");
  assert.match(explainAbsence(run("flow"), "gradients"), /prices no sample/);
  const arrays = { x_fake: { shape: [1, 2], data: Float32Array.of(0, 0) }, gradients: { shape: [1, 2], data: Float32Array.of(1, 1) } };
  const scene = buildScene({ ...run("flow"), frame: { arrays, box: [-1, 1, -1, 1] } });
  assert.deepEqual(Object.keys(scene?.arrays ?? {}), ["x_fake"]);
});

test("samples have ways from their noise where the generator answers velocities, each a line with a ring at its beginning", () => {
  for (const loss of ["mmd", "glo"]) assert.match(explainAbsence(run(loss), "streams"), /at once/);
  assert.equal(explainAbsence(run("flow"), "streams"), "");
  const streams = { shape: [2, 3, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) };
  const [lines, rings] = drawStreams(/** @type {any} */ ({ arrays: { streams } }));
  assert.deepEqual(lines?.kind === "lines" && lines.lines.map((line) => [...line]), [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]);
  assert.deepEqual(rings?.kind === "points" && [...rings.points], [0, 1, 6, 7]);
  assert.deepEqual(drawStreams(/** @type {any} */ ({ arrays: {} })), []);
});

test("what changes how a discriminator learns cannot be switched on where none does", () => {
  const facts = /** @type {any} */ ({ key: "r1", needs_discriminator: true });
  const { catalog, config } = run("mmd");
  assert.match(describeAbsence(facts, "regularizers", { ...config, regularizers: [] }, catalog), /^Not now\. The discriminator takes no part/);
  const free = { ...facts, needs_discriminator: false };
  assert.equal(describeAbsence(free, "regularizers", { ...config, regularizers: [] }, catalog), "");
});

test("the titles of phases speak of real points where nobody is fooled", () => {
  const loss = /** @type {const} */ ({ player: "generator", name: "loss" });
  assert.match(titlePhase(loss, run("hinge")), /fool/);
  assert.equal(titlePhase(loss, run("mmd")), "Loss: how near?");
  assert.equal(titlePhase({ player: "generator", name: "generate" }, run("flow")), "Generate: v");
  assert.match(titlePhase({ player: "generator", name: "update" }, run("mmd")), /weights move/);
});
