import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../static/js/history.js";

test("losses are kept in order, and a player that did not play is NaN", () => {
  const history = new History();
  history.append({ steps: [1, 2], d_loss: [0.5, null], g_loss: [0.7, 0.8], metrics: [] });
  assert.deepEqual([...history.steps], [1, 2]);
  assert.deepEqual([...history.d_loss], [0.5, NaN]);
  assert.deepEqual([...history.g_loss], [0.7, 0.8]);
});

test("nothing is lost when the columns grow beyond their first room", () => {
  const history = new History();
  const steps = Array.from({ length: 5000 }, (_, i) => i);
  for (const step of steps) history.append({ steps: [step], d_loss: [step / 2], g_loss: [-step], metrics: [] });
  assert.deepEqual([...history.steps], steps);
  assert.equal(history.d_loss[4999], 2499.5);
  assert.equal(history.g_loss[300], -300);
});

test("a metric has its own steps", () => {
  const history = new History();
  history.append({ steps: [1], d_loss: [1], g_loss: [1], metrics: [{ step: 1, values: { grid_js: 0.4 } }] });
  history.append({
    steps: [2, 3],
    d_loss: [1, 1],
    g_loss: [1, 1],
    metrics: [{ step: 3, values: { grid_js: 0.2, modes: null } }],
  });
  const { metrics } = history;
  assert.deepEqual([...(metrics.get("grid_js")?.steps ?? [])], [1, 3]);
  assert.deepEqual([...(metrics.get("grid_js")?.values ?? [])], [0.4, 0.2]);
  assert.deepEqual([...(metrics.get("modes")?.values ?? [])], [NaN]);
});

test("a cleared history is empty, and its version tells that it changed", () => {
  const history = new History();
  history.append({ steps: [1], d_loss: [1], g_loss: [1], metrics: [{ step: 1, values: { grid_js: 0.4 } }] });
  const { version } = history;
  history.clear();
  assert.equal(history.steps.length, 0);
  assert.equal(history.metrics.size, 0);
  assert.notEqual(history.version, version);
});
