import assert from "node:assert/strict";
import { test } from "node:test";

import { titlePhase } from "../../static/js/inspector/phase_words.js";
import { describeAbsence } from "../../static/js/controls/switches.js";
import { explainNoPart, isGame, leaveOutJudgements } from "../../static/js/layers/game.js";
import { explainAbsence } from "../../static/js/layers/switch.js";

/** @typedef {import("../../static/js/state.js").PageState} PageState */

/** @param {string} name @returns {any} a page's state as far as these ask for it */
function run(name) {
  const losses = [
    { key: "hinge", label: "Hinge", is_game: true, optimum: "share" },
    { key: "mmd", label: "MMD", is_game: false },
  ];
  return { catalog: { losses, techniques: [], datasets: [] }, config: { loss: { name }, techniques: [], data: {} } };
}

test("a run is a game until its loss is known to need no discriminator", () => {
  assert.deepEqual([isGame({}), isGame(run("hinge")), isGame(run("mmd"))], [true, true, false]);
  assert.equal(explainNoPart(run("hinge")), "");
  assert.match(explainNoPart(run("mmd")), /takes no part: this loss compares/);
});

test("what a discriminator said before is not shown any more, and the rest stays as it is", () => {
  const arrays = { x_fake: [1], surface: [2], surface_change: [3], real_logits: [4], fake_logits: [5] };
  assert.equal(leaveOutJudgements(arrays, run("hinge")), arrays);
  assert.deepEqual(leaveOutJudgements(arrays, run("mmd")), { x_fake: [1] });
});

test("the surface's layer says why it is not there", () => {
  assert.equal(explainAbsence(run("hinge"), "surface"), "");
  assert.match(explainAbsence(run("mmd"), "surface"), /takes no part/);
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
  assert.match(titlePhase(loss, run("mmd")), /real points/);
  assert.match(titlePhase({ player: "generator", name: "update" }, run("mmd")), /weights move/);
});
