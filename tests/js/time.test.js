import assert from "node:assert/strict";
import { test } from "node:test";

import { findFormer } from "../../static/js/controls/freeze.js";
import { History } from "../../static/js/history.js";
import { traceMarks, traceSeries } from "../../static/js/plots/chart_frame.js";
import { describeMark } from "../../static/js/plots/mark_words.js";
import { listCompared } from "../../static/js/time/compare.js";
import { describeLosses, traceLosses } from "../../static/js/time/curve.js";
import { chooseEscape, findPastStep, readLosses, readMetric } from "../../static/js/time/past.js";
import { createSeeks } from "../../static/js/time/seeks.js";
import { describeTick, gatherTicks, placeStep } from "../../static/js/time/ticks.js";
import { arrangeBranches, describeBranch, findUndo, hasForked, identifyBranch, identifyRun } from "../../static/js/time/tree.js";

/** @typedef {import("../../static/js/protocol.js").Status} Status */
/** @typedef {import("../../static/js/protocol.js").Mark} Mark */
/** @typedef {import("../../static/js/protocol.js").Tree} Tree */

/** @param {Partial<Status>} [change] @returns {Status} */
function status(change) {
  return {
    type: "status",
    state: "paused",
    step: 300,
    d_updates: 300,
    g_updates: 300,
    first: 0,
    head: 1200,
    revision: 1,
    steps_per_second: 0,
    failure: null,
    phase: null,
    reason: null,
    unkept: null,
    ...change,
  };
}

/** @param {number} step @param {string} [text] @param {Mark["changes"]} [changes] @returns {Mark} */
function mark(step, text = "changed", changes = {}) {
  return { type: "mark", event: step, step, revision: 1, text, changes };
}

/** @param {number} number @param {number | null} parent @param {Partial<Tree["branches"][number]>} [change] */
function branch(number, parent, change) {
  return { number, name: `Branch ${number}`, parent, forked_at: 100, first: 0, head: 400, deleted: false, ...change };
}

/** @param {Tree["branches"]} branches @returns {Tree} */
function tree(...branches) {
  return { type: "tree", event: 1, revision: 1, generation: 0, current: 1, branches };
}

/** Ten steps, with the generator resting at the odd ones, and a metric at steps 0, 5 and 10. */
function makeHistory() {
  const steps = Array.from({ length: 10 }, (_, i) => i + 1);
  const history = new History();
  history.append({
    steps,
    d_loss: steps.map((step) => step / 10),
    g_loss: steps.map((step) => (step % 2 ? null : step)),
    metrics: [0, 5, 10].map((step) => ({ step, values: { grid_js: step } })),
  });
  return history;
}

test("of many wishes in a row the first and the last are sent, one after the other", async () => {
  /** @type {number[]} */
  const sent = [];
  /** @type {(() => void)[]} */
  const arrivals = [];
  let settled = 0;
  const seeks = createSeeks((step) => {
    sent.push(step);
    return new Promise((resolve) => arrivals.push(resolve));
  }, () => (settled += 1));
  for (const step of [10, 20, 30]) seeks.go(step);
  assert.deepEqual(sent, [10]);
  assert.equal(seeks.wish(), 30);
  arrivals[0]?.();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(sent, [10, 30]);
  arrivals[1]?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(seeks.wish(), null);
  assert.equal(settled, 1);
  seeks.go(5);
  assert.deepEqual(sent, [10, 30, 5]);
});

test("a run is in the past only before the end of what is recorded", () => {
  assert.equal(findPastStep({ status: status() }), 300);
  assert.equal(findPastStep({ status: status({ step: 1200 }) }), null);
  assert.equal(findPastStep({ status: null }), null);
});

test("losses and metrics are those of the step that the run went back to", () => {
  const history = makeHistory();
  const back = status({ step: 7, head: 10 });
  assert.deepEqual(readLosses({ status: back, history }), { d_loss: 0.7, g_loss: 6 });
  assert.equal(readMetric({ status: back }, history.metrics.get("grid_js")), 5);
  const end = status({ step: 10, head: 10 });
  assert.deepEqual(readLosses({ status: end, history }), { d_loss: 1, g_loss: 10 });
  assert.equal(readMetric({ status: end }, history.metrics.get("grid_js")), 10);
  const start = status({ step: 0, head: 10 });
  assert.deepEqual(readLosses({ status: start, history }), { d_loss: NaN, g_loss: NaN });
  assert.ok(Number.isNaN(readMetric({ status: start }, undefined)));
});

test("the way out of a break leads fifty steps back, not before the run, and not where only Reset helps", () => {
  const failure = { step: 320, player: "generator", quantity: "loss", message: "" };
  assert.equal(chooseEscape(status({ state: "failed", failure })), 270);
  assert.equal(chooseEscape(status({ state: "failed", failure: { ...failure, step: 20 }, first: 7 })), 7);
  assert.equal(chooseEscape(status({ state: "failed", failure: { ...failure, player: "" } })), null);
  assert.equal(chooseEscape(status({ failure: null })), null);
});

test("ticks stand at their steps, and those that would touch are one that leads to the first", () => {
  assert.equal(placeStep(300, [0, 1200]), 0.25);
  assert.equal(placeStep(5, [5, 5]), 0);
  const ticks = gatherTicks([mark(0), mark(100), mark(110), mark(125), mark(900)], [0, 1000], 0.02);
  assert.deepEqual(ticks.map(({ step, marks }) => [step, marks.length]), [[0, 1], [100, 2], [125, 1], [900, 1]]);
  const text = describeTick({ step: 100, marks: [mark(100, "reset"), mark(1100, "new seed")] }, null);
  assert.equal(text, "Step 100: Reset\nStep 1,100: New seed");
});

test("of many marks at one place the first five are said, and how many more there are", () => {
  const marks = Array.from({ length: 40 }, (_, i) => mark(i, "reset"));
  const lines = describeTick({ step: 0, marks }, null).split("\n");
  assert.deepEqual([lines.length, lines[4], lines[5]], [6, "Step 4: Reset", "and 35 more"]);
  assert.equal(describeTick({ step: 0, marks: marks.slice(0, 6) }, null).split("\n")[5], "Step 5: Reset");
});

test("marks of frozen and lonely players are said in words", () => {
  assert.deepEqual(describeMark(mark(1, "changed", { d_updates: [2, 0] }), null), ["Discriminator frozen"]);
  assert.deepEqual(describeMark(mark(1, "changed", { g_updates: [0, 1] }), null), ["Generator learns again"]);
  assert.deepEqual(describeMark(mark(1, "changed", { d_updates: [0, 3] }), null), [
    "Discriminator learns again, 3 updates a step",
  ]);
  assert.deepEqual(describeMark(mark(1, "changed", { d_updates: [1, 2] }), null), ["D_updates 1 → 2"]);
  assert.deepEqual(describeMark(mark(1, "generator alone"), null), ["The generator learns alone"]);
});

test("a player that is let go has as many updates as before it was frozen", () => {
  const marks = [mark(1, "", { d_updates: [3, 0] }), mark(2, "", { d_updates: [0, 4] }), mark(3, "", { d_updates: [4, 0] })];
  assert.equal(findFormer(marks, "d_updates"), 4);
  assert.equal(findFormer(marks, "g_updates"), 1);
});

test("the curve has both losses in one scale, and one spike does not flatten it", () => {
  const history = new History();
  const steps = Array.from({ length: 1000 }, (_, i) => i);
  const g_loss = steps.map((step) => (step === 500 ? 1e9 : Math.sin(step)));
  history.append({ steps, d_loss: steps.map(() => 0), g_loss, metrics: [] });
  const [d, g] = traceLosses(history, [0, 999]);
  assert.deepEqual([d?.player, g?.player], ["discriminator", "generator"]);
  assert.ok(d?.y.every((value) => value !== null && Math.abs(value - 0.5) < 0.05));
  assert.equal(Math.max(...(g?.y ?? []).map(Number)), 1);
  assert.deepEqual([g?.x[0], g?.x.at(-1)], [0, 1]);
});

test("the curve tells the losses at the step that is pointed at", () => {
  assert.equal(describeLosses(makeHistory(), 4), "Step 4: discriminator’s loss 0.4, generator’s 4");
});

test("branches stand below the one they leave, also where one in between is deleted", () => {
  const arranged = arrangeBranches([branch(1, null), branch(2, 1), branch(3, null), branch(4, 2), branch(5, 1)]);
  assert.deepEqual(arranged.map(({ facts, depth }) => [facts.number, depth]), [[1, 0], [2, 1], [4, 2], [5, 1], [3, 0]]);
  const without = arrangeBranches([branch(1, null), branch(2, 1, { deleted: true }), branch(4, 2), branch(6, 9)]);
  assert.deepEqual(without.map(({ facts, depth, parent }) => [facts.number, depth, parent?.number]), [
    [1, 0, undefined],
    [4, 1, 1],
    [6, 0, undefined],
  ]);
});

test("a branch says where it leaves and how far it was trained", () => {
  const [root, child] = arrangeBranches([branch(1, null, { name: "Run 1" }), branch(2, 1)]);
  assert.ok(root && child);
  assert.equal(describeBranch(root, 1200), "trained to step 1,200");
  assert.equal(describeBranch(child, 400), "leaves Run 1 at step 100, trained to step 400");
});

test("deletions are undone one after the other, the last first, and only those of this page are news", () => {
  const [one, two, three] = [branch(1, null), branch(2, 1), branch(3, 1)];
  const [goneTwo, goneThree] = [branch(2, 1, { deleted: true }), branch(3, 1, { deleted: true })];
  assert.equal(findUndo(tree(one, goneTwo, goneThree), [3, 2]), goneTwo);
  assert.equal(findUndo(tree(one, two, goneThree), [3, 2]), goneThree);
  assert.equal(findUndo(tree(one, two, three), [3, 2]), null);
  assert.equal(findUndo(tree(one, goneTwo, goneThree), []), null);
});

test("a branch belongs to the run that it goes back to, or to the oldest that is still known", () => {
  const branches = [branch(1, null), branch(2, 1), branch(3, 2), branch(4, null), branch(6, 5)];
  const runs = [1, 2, 3, 4, 6, 9].map((current) => identifyRun({ ...tree(...branches), current }));
  assert.deepEqual(runs, ["0:1", "0:1", "0:1", "0:4", "0:6", null]);
  assert.equal(identifyRun(null), null);
});

test("the branches of an opened file are others than those before it, though their numbers are the same", () => {
  const opened = { ...tree(branch(1, null), branch(2, 1)), generation: 1 };
  assert.notEqual(identifyRun(opened), identifyRun(tree(branch(1, null))));
  assert.notEqual(identifyBranch(opened), identifyBranch(tree(branch(1, null))));
  assert.equal(hasForked(tree(branch(1, null), branch(2, 1)), opened), true);
});

test("a fork is a branch that was not there; a new run and a reload are none", () => {
  assert.equal(hasForked(tree(branch(1, null)), tree(branch(1, null), branch(2, 1))), true);
  assert.equal(hasForked(tree(branch(1, null)), tree(branch(1, null), branch(2, null))), false);
  assert.equal(hasForked(null, tree(branch(1, null), branch(2, 1))), false);
});

test("the present branch is never compared with itself", () => {
  const others = [1, 2].map((number) => ({ number, name: "", head: 0, history: new History() }));
  const compared = new Map(others.map((one) => [one.number, one]));
  assert.deepEqual(listCompared({ compared, tree: tree() }).map(({ number }) => number), [2]);
});

test("each of four compared branches has its own kind of line, and keeps it while others are looked at", () => {
  const others = [1, 2, 3, 4].map((number) => ({ number, name: "", head: 0, history: new History() }));
  const compared = new Map(others.map((one) => [one.number, one]));
  const list = (/** @type {number} */ current) => listCompared({ compared, tree: { ...tree(), current } });
  assert.equal(new Set(list(9).map(({ dash }) => dash)).size, 4);
  assert.deepEqual(list(2).map(({ dash }) => dash), list(9).filter(({ number }) => number !== 2).map(({ dash }) => dash));
});

test("names and marks are shown just as they are written, and are no markup of the charts", () => {
  const palette = /** @type {import("../../static/js/palette.js").Palette} */ (
    /** @type {unknown} */ (new Proxy({}, { get: () => [0, 0, 0] }))
  );
  const series = { key: "a", name: "<b>%{x}</b> & co", colour: /** @type {const} */ ("generated"), steps: [1], values: [2] };
  const { name, hovertemplate } = traceSeries(series, { isShown: true, range: null, palette });
  const { text } = traceMarks([mark(1, "<a href=x>y</a>")], null, palette);
  for (const each of /** @type {string[]} */ ([name, String(hovertemplate).replace("%{y:.4~g}<extra></extra>", ""), .../** @type {string[]} */ (text)])) {
    assert.doesNotMatch(each, /[<>{}]/);
  }
  assert.equal(name, "&#60;b&#62;%&#123;x&#125;&#60;/b&#62; &#38; co");
});
