import assert from "node:assert/strict";
import { test } from "node:test";

import { applyRemedy, chooseStart, identify, listEvidence, nameVerdict } from "../../static/js/monitor/verdicts.js";
import { buildState } from "../../static/js/state.js";
import { receiveMessage } from "../../static/js/receive.js";

const appearance = /** @type {import("../../static/js/appearance/choices.js").Appearance} */ ({});
const catalog = /** @type {import("../../static/js/state.js").Catalog} */ (
  /** @type {unknown} */ ({
    symptoms: [{ key: "mode_collapse", label: "Mode collapse", evidence: { spread: "width of the clump" } }],
  })
);

/** @param {Partial<import("../../static/js/protocol.js").Verdict>} [fields] */
const verdict = (fields = {}) => ({
  type: /** @type {const} */ ("verdict"),
  event: 7,
  revision: 1,
  kind: "mode_collapse",
  began_at: 400,
  step: 700,
  evidence: { spread: 0.04821, odd: 3 },
  sentence: "All generated points lie in one clump.",
  remedies: [],
  ...fields,
});

/** @param {number} step @param {import("../../static/js/protocol.js").Mark["changes"]} changes */
const mark = (step, changes) => ({ type: /** @type {const} */ ("mark"), event: 1, step, revision: 1, text: "changed", changes });
const status = /** @type {import("../../static/js/state.js").Status} */ ({ first: 0 });

test("a verdict is named and its numbers are explained by the catalogue, and by its own keys before that is there", () => {
  assert.equal(nameVerdict(verdict(), catalog), "Mode collapse");
  assert.equal(nameVerdict(verdict(), null), "mode collapse");
  assert.deepEqual(listEvidence(verdict(), catalog), [
    { label: "width of the clump", value: "0.0482" },
    { label: "odd", value: "3" },
  ]);
});

test("a remedy is tried from 50 steps before it began", () => {
  assert.equal(chooseStart(verdict(), { status, marks: [] }), 350);
  assert.equal(chooseStart(verdict({ began_at: 20 }), { status, marks: [] }), 0);
  assert.equal(chooseStart(verdict({ began_at: 20 }), { status: { ...status, first: 10 }, marks: [] }), 10);
});

test("a remedy keeps a setting that was changed just before it began, and not one of afterwards", () => {
  const marks = [mark(380, { d_updates: [1, 2] }), mark(390, {}), mark(900, { d_updates: [2, 3] })];
  assert.equal(chooseStart(verdict(), { status, marks }), 380);
});

test("a remedy changes what it names and nothing else", () => {
  const config = /** @type {import("../../static/js/state.js").RunConfig} */ (
    /** @type {unknown} */ ({ d_updates: 1, g_optimizer: { name: "adam", learning_rate: 0.001, beta1: 0.5 } })
  );
  const changes = { d_updates: 5, "g_optimizer.learning_rate": 0.0001 };
  assert.deepEqual(applyRemedy(config, { label: "", changes }), {
    d_updates: 5,
    g_optimizer: { name: "adam", learning_rate: 0.0001, beta1: 0.5 },
  });
  assert.equal(config.d_updates, 1);
});

test("the same finding in two branches is told apart", () => {
  assert.equal(identify(verdict(), "0:1"), identify(verdict({ event: 90, revision: 3 }), "0:1"));
  assert.notEqual(identify(verdict(), "0:1"), identify(verdict(), "0:2"));
});

test("verdicts are kept in order, and forgotten when another branch is shown", () => {
  let state = buildState(appearance);
  state = { ...state, ...receiveMessage(state, verdict()) };
  state = { ...state, ...receiveMessage(state, verdict({ event: 8, kind: "mode_hopping" })) };
  assert.deepEqual(state.verdicts.map(({ kind }) => kind), ["mode_collapse", "mode_hopping"]);
  state = { ...state, ...receiveMessage(state, { type: "floors", event: 9, revision: 2, values: {} }) };
  assert.deepEqual(state.verdicts, []);
});
