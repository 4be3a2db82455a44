import assert from "node:assert/strict";
import { test } from "node:test";

import { describeProblem, describeState } from "../../static/js/controls/words.js";

/** @typedef {import("../../static/js/protocol.js").Status} Status */

/** @type {Status} */
const PAUSED = {
  type: "status",
  state: "paused",
  step: 1931,
  d_updates: 1931,
  g_updates: 1930,
  first: 0,
  head: 1931,
  revision: 1,
  steps_per_second: 0,
  failure: null,
  phase: null,
  reason: null,
  unkept: null,
};

test("P2: before anything is known, the lab says that it is warming up", () => {
  assert.match(describeState({ connection: "connecting", status: null, acting: null, news: null }), /Warming up/);
});

test("a lost connection is said, whatever the run did last", () => {
  assert.match(describeState({ connection: "lost", status: PAUSED, acting: "both", news: null }), /connection is lost/);
});

test("a page that waits in line is told its place in one sentence, and what it need not do", () => {
  const told = (/** @type {number} */ place, sessions = 30) =>
    describeState({ connection: "connecting", status: null, acting: null, news: null, queued: { type: "queued", place, sessions } });
  assert.equal(told(3), "The lab is full: all 30 runs are taken. You are 3rd in line; this page starts by itself.");
  assert.match(told(1, 1), /its only run is taken\. You are next; this page/);
  for (const [place, word] of /** @type {[number, string][]} */ ([[2, "2nd"], [4, "4th"], [11, "11th"], [13, "13th"], [21, "21st"]])) {
    assert.match(told(place), new RegExp(`You are ${word} in line`));
  }
});

test("a page that lost its place is told why before its place in line", () => {
  const queued = /** @type {const} */ ({ type: "queued", place: 1, sessions: 1 });
  const text = describeState({ connection: "lost", status: null, acting: null, news: "nothing was done", queued });
  assert.equal(text, "Nothing was done. The lab is full: its only run is taken. You are next; this page starts by itself.");
});

test("a lab that is full says so quietly, and that the page tries again", () => {
  const news = "the lab is full: all 64 places are taken; try again later";
  const text = describeState({ connection: "lost", status: null, acting: null, news });
  assert.match(text, /^The lab is full: .* try again later\. This page tries again by itself\.$/);
});

test("what became of the run while the page was away stands before what it does now", () => {
  const text = describeState({ connection: "open", status: PAUSED, acting: null, news: "Your run had ended." });
  assert.equal(text, "Your run had ended. Paused at step 1,931.");
});

test("a new run says what to press", () => {
  const fresh = { ...PAUSED, step: 0, head: 0, d_updates: 0, g_updates: 0 };
  assert.match(describeState({ connection: "open", status: fresh, acting: null, news: null }), /Press Play/);
});

test("a pause names its step, and who alone has learned", () => {
  assert.equal(describeState({ connection: "open", status: PAUSED, acting: "both", news: null }), "Paused at step 1,931.");
  assert.match(
    describeState({ connection: "open", status: PAUSED, acting: "generator", news: null }),
    /The generator learned; the discriminator held still/,
  );
});

test("a run that went back says where it is, and what Play and a change do there", () => {
  const back = { ...PAUSED, step: 300, head: 1200 };
  const words = "You are at step 300 of 1,200. Play shows what happened; a change begins a branch.";
  assert.equal(describeState({ connection: "open", status: back, acting: null, news: null }), words);
  const stopped = { ...back, reason: "Reached step 300, where it was to stop." };
  const text = describeState({ connection: "open", status: stopped, acting: null, news: null });
  assert.equal(text, `Reached step 300, where it was to stop. ${words}`);
  const replaying = { ...back, state: /** @type {const} */ ("running") };
  assert.match(
    describeState({ connection: "open", status: replaying, acting: null, news: null }),
    /^Showing what happened, up to step 1,200\.$/,
  );
});

test("a player that trains alone for a while is named", () => {
  const running = { ...PAUSED, state: /** @type {const} */ ("running") };
  const text = describeState({ connection: "open", status: running, acting: "discriminator", news: null });
  assert.equal(text, "Training: the discriminator learns alone.");
});

test("a run that broke names step, player and quantity, and what to try", () => {
  const failure = { step: 1932, player: "generator", quantity: "loss", message: "" };
  const text = describeProblem({ problem: null, status: { ...PAUSED, state: "failed", failure } });
  for (const part of ["step 1,932", "generator’s loss", "Lower the learning rate", "Reset"])
    assert.ok(text.includes(part), part);
});

test("a run that the lab gave up says why in the lab's words, and blames no learning rate", () => {
  const failure = { step: 7, player: "", quantity: "", message: "the lab made a mistake in this run" };
  const text = describeProblem({ problem: null, status: { ...PAUSED, state: "failed", failure } });
  assert.equal(text, "The lab made a mistake in this run. Press Reset.");
});

test("what a broken run refuses does not hide why it broke", () => {
  const failure = { step: 2, player: "generator", quantity: "loss", message: "" };
  assert.match(
    describeProblem({ problem: "step: expected Reset first", status: { ...PAUSED, state: "failed", failure } }),
    /broke at step 2/,
  );
  assert.equal(
    describeProblem({ problem: "step: expected Reset first", status: PAUSED }),
    "step: expected Reset first",
  );
});

test("all is well when nothing was refused", () => {
  assert.equal(describeProblem({ problem: null, status: PAUSED }), "");
});

test("a run that a link leads says where to, and no more once it is there", () => {
  const state = { connection: /** @type {const} */ ("open"), acting: null, news: null, leading: 1200 };
  const running = describeState({ ...state, status: { ...PAUSED, state: "running" } });
  assert.equal(running, "Training to step 1,200, where the link leads.");
  assert.equal(describeState({ ...state, status: PAUSED }), "Paused at step 1,931.");
});

test("what goes on while a run trains is said as its loss and its techniques have it", () => {
  /** @type {Status} */
  const running = { ...PAUSED, state: "running" };
  const catalog = /** @type {any} */ ({
    losses: [{ key: "hinge", is_game: true }, { key: "mmd", is_game: false, words: {} }],
    techniques: [{ key: "ema" }, { key: "at_once", playing: "both players learn at once" }],
  });
  /** @param {string} loss @param {string[]} techniques */
  const say = (loss, ...techniques) => {
    const config = /** @type {any} */ ({ loss: { name: loss }, techniques: techniques.map((name) => ({ name })) });
    return describeState({ connection: "open", status: running, acting: "both", news: null, catalog, config });
  };
  assert.equal(say("hinge", "ema"), "Training: both players learn in turns.");
  assert.equal(say("hinge", "ema", "at_once"), "Training: both players learn at once.");
  assert.equal(say("mmd"), "Training: the generator learns, and nobody judges.");
});
