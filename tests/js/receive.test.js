import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseLayers, receiveFrame, receiveMessage } from "../../static/js/receive.js";
import { countSamples } from "../../static/js/inspector/subjects.js";
import { buildState } from "../../static/js/state.js";

/** @typedef {import("../../static/js/protocol.js").Status} Status */
/** @typedef {import("../../static/js/protocol.js").Scalars} Scalars */
/** @typedef {import("../../static/js/protocol.js").Welcome} Welcome */

/** @type {import("../../static/js/appearance/choices.js").Appearance} */
const APPEARANCE = { theme: "light", contrast: "normal", mode: "desk", palette: "default" };

/** @param {number} revision @returns {Status} */
function status(revision) {
  return {
    type: "status",
    state: "paused",
    step: 3,
    d_updates: 3,
    g_updates: 3,
    first: 0,
    head: 3,
    revision,
    steps_per_second: 0,
    failure: null,
    phase: null,
    reason: null,
    unkept: null,
  };
}

/** @param {number} since @param {number} revision @param {boolean} resumed @returns {Welcome} */
function welcome(since, revision, resumed = true) {
  const told = { protocol: 1, session: "s", resumed, restored: false, since, config: {} };
  return { type: "welcome", ...told, status: status(revision) };
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
  const meta = { revision: String(revision), step: "3", phase: "", samples: "250", box: "-1 1 -2 2" };
  return { arrays: { [name]: { shape: [1], data: new Float32Array([value]) } }, meta };
}

/** @param {...Parameters<typeof receiveMessage>[1]} messages */
function receiveAll(...messages) {
  let state = buildState(APPEARANCE);
  for (const message of messages) state = { ...state, ...receiveMessage(state, message) };
  return state;
}

/** @param {number} event @param {number} revision @returns {Parameters<typeof receiveMessage>[1]} */
function restarted(event, revision) {
  return { type: "configured", event, revision, config: {}, restarted: true };
}

test("a new revision forgets the pictures, the losses and the floors of the old one", () => {
  let state = receiveAll(welcome(0, 1), scalars(1, 1, [1, 2]), {
    type: "floors",
    event: 2,
    revision: 1,
    values: { grid_js: 0.1 },
  });
  state = { ...state, ...receiveFrame(state, frame(1, "z", 1)) };
  state = { ...state, ...receiveMessage(state, restarted(3, 2)) };
  assert.equal(state.frame, null);
  assert.equal(state.history.steps.length, 0);
  assert.deepEqual(state.floors, {});
  assert.equal(state.revision, 2);
});

test("a status or a frame of a branch keeps the history until that of the branch is sent", () => {
  let state = receiveAll(welcome(0, 1), scalars(1, 1, [1, 2, 3]), status(2));
  state = { ...state, ...receiveFrame(state, frame(2, "z", 1)) };
  assert.deepEqual([...state.history.steps], [1, 2, 3]);
  assert.equal(state.frame?.arrays.z?.data[0], 1);
  for (const message of [scalars(5, 2, [1, 2]), scalars(6, 2, [3])]) state = { ...state, ...receiveMessage(state, message) };
  assert.deepEqual([...state.history.steps], [1, 2, 3]);
  assert.equal(state.frame?.arrays.z?.data[0], 1);
});

test("the tree stays over a branch and a return, and another session has none yet", () => {
  /** @type {import("../../static/js/protocol.js").Tree} */
  const tree = { type: "tree", event: 2, revision: 1, generation: 0, current: 1, branches: [] };
  assert.equal(receiveAll(welcome(0, 1), tree, status(2)).tree, tree);
  assert.equal(receiveAll(welcome(0, 1), tree, welcome(0, 1)).tree, tree);
  assert.equal(receiveAll(welcome(0, 1), tree, welcome(0, 1, false)).tree, null);
});

test("a page stands in line until it is welcomed", () => {
  const queued = /** @type {const} */ ({ type: "queued", place: 2, sessions: 30 });
  const state = receiveAll(queued);
  assert.equal(state.queued, queued);
  assert.equal(receiveMessage(state, welcome(0, 1)).queued, null);
});

test("a frame says how many samples there are, whatever it shows of them", () => {
  const state = { ...receiveAll(welcome(0, 1)), ...receiveFrame(receiveAll(welcome(0, 1)), frame(1, "x_fake", 1)) };
  assert.equal(state.frame?.samples, 250);
  assert.equal(countSamples(state), 250);
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
  const open = { ...receiveAll(welcome(0, 1)), connection: /** @type {const} */ ("open") };
  const refused = { ...open, ...receiveMessage(open, { type: "failure", id: null, message: "no", refusal: null }) };
  assert.equal(refused.problem, "no");
  assert.equal({ ...refused, ...receiveMessage(refused, welcome(0, 1)) }.problem, null);
});

test("why the lab does not let a page in is news, and no mistake of the reader", () => {
  const refused = receiveAll({ type: "failure", id: null, message: "the lab is full", refusal: null });
  assert.equal(refused.news, "the lab is full");
  assert.equal(refused.problem, null);
  assert.equal({ ...refused, ...receiveMessage(refused, welcome(0, 1, false)) }.news, null);
});

test("why the lab ended a session is news, and stays while its page waits in line", () => {
  const open = { ...receiveAll(welcome(0, 1), { ...status(1), state: "closed" }), connection: /** @type {const} */ ("open") };
  const ended = { ...open, ...receiveMessage(open, { type: "failure", id: null, message: "why", refusal: null }) };
  const waiting = { ...ended, ...receiveMessage(ended, { type: "queued", place: 1, sessions: 1 }) };
  assert.deepEqual([ended.problem, ended.news, waiting.news], [null, "why", "why"]);
  assert.equal({ ...waiting, ...receiveMessage(waiting, welcome(0, 1)) }.queued, null);
});

test("a run that ended while its page was away is said, and whether the settings are the same", () => {
  const goneOn = receiveAll(welcome(0, 1, false), status(1), welcome(0, 1, false));
  assert.match(goneOn.news ?? "", /had ended while you were away; this is a new one with the same settings/);
  const reloaded = { ...buildState(APPEARANCE), session: "s" };
  const { news } = receiveMessage(reloaded, welcome(0, 1, false));
  assert.match(news ?? "", /had ended while you were away; this is a new one\.$/);
});

test("a new run in place of one that was never touched is no loss", () => {
  const untouched = { ...status(1), step: 0, head: 0 };
  const again = receiveAll({ ...welcome(0, 1, false), status: untouched }, untouched, welcome(0, 1, false));
  assert.equal(again.news, "Connected again. A new run begins.");
  for (const touched of [{ revision: 2 }, { head: 1 }]) {
    const { news } = receiveAll(welcome(0, 1, false), { ...untouched, ...touched }, welcome(0, 1, false));
    assert.match(news ?? "", /had ended while you were away/);
  }
});

test("a first visit and a reload bring no news, and a connection that is back does", () => {
  assert.equal(receiveAll(welcome(0, 1, false)).news, null);
  assert.equal(receiveAll(welcome(0, 1, true)).news, null);
  const lost = { ...receiveAll(welcome(0, 1)), connection: /** @type {const} */ ("lost") };
  assert.equal(receiveMessage(lost, welcome(4, 1)).news, "Connected again.");
});

test("a run that was kept and is back is said in one line, and whether more of it was seen", () => {
  const seen = { ...receiveAll(welcome(0, 1), status(1)), connection: /** @type {const} */ ("lost") };
  const back = { ...welcome(0, 7), restored: true };
  assert.equal(receiveMessage(seen, back).news, "Connected again. Your run is here again, as it was kept.");
  const earlier = { ...back, status: { ...status(7), step: 2, head: 2 } };
  assert.equal(
    receiveMessage(seen, earlier).news,
    "Connected again. Your run is here again, as it was last kept: before step 3, which you had seen.",
  );
  const reloaded = { ...buildState(APPEARANCE), session: "s" };
  assert.equal(receiveMessage(reloaded, back).news, "Your run is here again, as it was kept.");
});

test("news is old as soon as the run does something else", () => {
  const told = receiveAll(welcome(0, 1, false), welcome(0, 1, false));
  assert.ok({ ...told, ...receiveMessage(told, status(1)) }.news);
  for (const later of [{ ...status(1), step: 4 }, { ...status(1), state: /** @type {const} */ ("running") }, status(2)]) {
    assert.equal({ ...told, ...receiveMessage(told, later) }.news, null);
  }
});

test("of very many changes the newest are kept", () => {
  let state = receiveAll(welcome(0, 1));
  for (let event = 1; event <= 1500; event += 1) {
    const mark = { type: /** @type {const} */ ("mark"), event, step: event, revision: 1, text: "changed", changes: {} };
    state = { ...state, ...receiveMessage(state, mark) };
  }
  assert.equal(state.marks.length, 1000);
  assert.deepEqual([state.marks[0]?.step, state.marks.at(-1)?.step], [501, 1500]);
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

/**
 * @param {import("../../static/js/state.js").LayerKey[]} on
 * @param {Partial<import("../../static/js/state.js").PageState>} [now]
 */
function watchWith(on, now = {}) {
  return chooseLayers({ ...buildState(APPEARANCE), layersOn: new Set(on), ...now }).toSorted();
}

test("density is watched only while its layer is on", () => {
  assert.equal(watchWith(["real"]).includes("density"), false);
  assert.equal(watchWith(["density"]).includes("density"), true);
});

const SHOWN = ["d_gradients", "encoded", "generated", "gradients", "noise", "predictions", "real", "surface", "warp"];

test("every other layer is watched once, since the overview shows it whatever is on", () => {
  assert.deepEqual(watchWith(["real", "warp"]), SHOWN);
});

test("while a run plays only what is in sight is watched, and at rest all", () => {
  const running = /** @type {const} */ ({ ...status(1), state: "running" });
  const [above, below] = [{ overview: true, layered: false }, { overview: false, layered: true }];
  assert.deepEqual(watchWith(["density"], { status: running, inSight: above }), SHOWN);
  const large = ["density", "generated", "gradients", "predictions", "real", "surface"];
  assert.deepEqual(watchWith(["density"], { status: running, inSight: below }), large);
  assert.deepEqual(watchWith(["density"], { status: running, inSight: { overview: false, layered: false } }), []);
  assert.equal(watchWith(["density"], { status: status(1), inSight: below }).length, SHOWN.length + 1);
});
