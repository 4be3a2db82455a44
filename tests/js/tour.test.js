import assert from "node:assert/strict";
import { test } from "node:test";

import { buildState } from "../../static/js/state.js";
import { Progress } from "../../static/js/tour/progress.js";
import { STEPS, findStep } from "../../static/js/tour/steps.js";

/** @typedef {import("../../static/js/state.js").PageState} PageState */

const appearance = /** @type {const} */ ({ theme: "light", contrast: "normal", mode: "desk", palette: "default" });

/**
 * A page whose run is known.
 * @param {Record<string, unknown>} [status]
 * @param {Partial<PageState>} [rest]
 */
function know(status = {}, rest = {}) {
  const known = { state: "paused", step: 40, d_updates: 40, g_updates: 40, ...status };
  const config = { data: { name: "ring8" }, d_optimizer: { learning_rate: 1 }, g_optimizer: { learning_rate: 1 } };
  return /** @type {PageState} */ (
    /** @type {unknown} */ ({ ...buildState(appearance), revision: 1, status: known, config, ...rest })
  );
}

/** @param {string} key */
const begin = (key) => new Progress(STEPS, findStep(key));

test("every step has a key of its own, and an unknown key begins at the beginning", () => {
  assert.equal(new Set(STEPS.map(({ key }) => key)).size, STEPS.length);
  assert.deepEqual(STEPS.map(({ key }) => findStep(key)), [...STEPS.keys()]);
  assert.equal(findStep("nowhere"), 0);
});

test("what is said of the warp holds in the plane, where it is a grid, and on the line, where it is none", () => {
  const { seen } = /** @type {import("../../static/js/tour/steps.js").TourStep} */ (STEPS[findStep("layer")]);
  assert.match(seen, /parts of the noise/);
  assert.doesNotMatch(seen, /grid|cell|small and dark/);
});

test("nothing is done before the run is known", () => {
  const progress = begin("discriminator");
  progress.look(buildState(appearance));
  assert.equal(progress.look(know()), false);
});

/** @type {[string, PageState, PageState][]} */
const DEEDS = [
  ["play", know(), know({ state: "running" })],
  ["watch", know({ state: "running" }), know({ state: "running", step: 240 })],
  ["pause", know({ state: "running" }), know()],
  ["discriminator", know(), know({ d_updates: 41 })],
  ["generator", know(), know({ g_updates: 41 })],
  ["layer", know(), know({}, { layersOn: new Set(/** @type {const} */ (["warp"])) })],
  ["reset", know(), know({ step: 0 }, { revision: 2 })],
];
for (const [key, before, after] of DEEDS) {
  test(`the step ${key} is done by its deed alone`, () => {
    const progress = begin(key);
    assert.equal(progress.look(before), false);
    assert.equal(progress.look(know({ ...before.status, step: 41 })), false);
    assert.equal(progress.look(after), true);
    assert.equal(progress.isDone, true);
  });
}

test("either player's learning rate will do", () => {
  for (const player of ["d_optimizer", "g_optimizer"]) {
    const progress = begin("rate");
    const before = know();
    progress.look(before);
    const config = /** @type {any} */ ({ ...before.config, [player]: { learning_rate: 2 } });
    assert.equal(progress.look(know({}, { config })), true);
  }
});

test("a step that is gone back to must be done again", () => {
  const progress = begin("discriminator");
  progress.look(know());
  progress.look(know({ d_updates: 41 }));
  progress.move(1);
  progress.move(-1);
  assert.equal(progress.isDone, false);
  assert.equal(progress.look(know({ d_updates: 41 })), false);
});
