import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseLayers, receiveFrame, receiveMessage } from "../../static/js/receive.js";
import { buildState } from "../../static/js/state.js";

/** @typedef {import("../../static/js/protocol.js").Status} Status */
/** @typedef {import("../../static/js/protocol.js").Scalars} Scalars */
/** @typedef {import("../../static/js/protocol.js").Welcome} Welcome */

/** @param {number} revision @returns {Status} */
function status(revision) {
  return {
    type: "status",
    state: "paused",
    step: 3,
    d_updates: 3,
    g_updates: 3,
    revision,
    steps_per_second: 0,
    failure: null,
  };
}

/** @param {number} since @param {number} revision @returns {Welcome} */
function welcome(since, revision) {
  return { type: "welcome", protocol: 1, session: "s", resumed: true, since, config: {}, status: status(revision) };
}

/** @param {number} event @param {number} revision @param {number[]} steps @returns {Scalars} */
function scalars(event, revision, steps) {
  return {
    type: "scalars",
    event,
    revision,
    steps,
    d_loss: steps.map(() => 1),
    g_loss: steps.map(() => 1),
    metrics: [],
  };
}

/** @param {number} revision @param {string} name @param {number} value */
function frame(revision, name, value) {
  const meta = { revision: String(revision), step: "3", phase: "", box: "-1 1 -2 2" };
  return { arrays: { [name]: { shape: [1], data: new Float32Array([value]) } }, meta };
}

/** @param {...Parameters<typeof receiveMessage>[1]} messages */
function receiveAll(...messages) {
  let state = buildState("light");
  for (const message of messages) state = { ...state, ...receiveMessage(state, message) };
  return state;
}

test("a new revision forgets the pictures, the losses and the floors of the old one", () => {
  let state = receiveAll(welcome(0, 1), scalars(1, 1, [1, 2]), {
    type: "floors",
    event: 2,
    revision: 1,
    values: { grid_js: 0.1 },
  });
  state = { ...state, ...receiveFrame(state, frame(1, "z", 1)) };
  state = { ...state, ...receiveMessage(state, status(2)) };
  assert.equal(state.frame, null);
  assert.equal(state.history.steps.length, 0);
  assert.deepEqual(state.floors, {});
  assert.equal(state.revision, 2);
});

test("what comes late from an old revision is not shown", () => {
  const state = receiveAll(welcome(0, 2), scalars(5, 1, [8, 9]));
  assert.equal(state.history.steps.length, 0);
  assert.equal(state.seen, 5);
  assert.deepEqual(receiveFrame(state, frame(1, "z", 1)), {});
});

test("scalars may tell of a new revision before its status does", () => {
  const state = receiveAll(welcome(0, 1), scalars(1, 1, [1, 2]), scalars(2, 2, [1]), status(2));
  assert.deepEqual([...state.history.steps], [1]);
});

test("a welcome that goes on keeps the history, and one that begins again does not", () => {
  const goneOn = receiveAll(welcome(0, 1), scalars(4, 1, [1, 2]), welcome(4, 1), scalars(5, 1, [3]));
  assert.deepEqual([...goneOn.history.steps], [1, 2, 3]);
  const begunAgain = receiveAll(welcome(0, 6), scalars(4, 6, [1, 2]), welcome(0, 1), scalars(1, 1, [1]));
  assert.deepEqual([...begunAgain.history.steps], [1]);
  assert.equal(begunAgain.revision, 1);
});

test("being connected again ends what was refused before", () => {
  const state = receiveAll(welcome(0, 1), { type: "failure", id: null, message: "no" }, welcome(0, 1));
  assert.equal(state.problem, null);
});

test("a frame replaces arrays of the same name and keeps the others", () => {
  let state = receiveAll(welcome(0, 1));
  for (const each of [frame(1, "x_real", 1), frame(1, "x_fake", 2), frame(1, "x_fake", 3)]) {
    state = { ...state, ...receiveFrame(state, each) };
  }
  assert.equal(state.frame?.arrays.x_real?.data[0], 1);
  assert.equal(state.frame?.arrays.x_fake?.data[0], 3);
  assert.deepEqual(state.frame?.box, [-1, 1, -2, 2]);
});

test("density is watched only while its layer is on", () => {
  assert.equal(chooseLayers(new Set(["real"])).includes("density"), false);
  assert.equal(chooseLayers(new Set(["density"])).includes("density"), true);
});

test("every other layer is watched once, since the overview shows it whatever is on", () => {
  const layers = chooseLayers(new Set(["real", "warp"]));
  assert.deepEqual(layers.toSorted(), [
    "d_gradients",
    "generated",
    "gradients",
    "noise",
    "predictions",
    "real",
    "surface",
    "warp",
  ]);
});
