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

/** @param {number} count */
function train(count) {
  const history = new History();
  for (let first = 1; first <= count; first += 1000) {
    const steps = Array.from({ length: 1000 }, (_, i) => first + i);
    const metrics = steps.map((step) => ({ step, values: { grid_js: step / 8 } }));
    history.append({ steps, d_loss: steps.map((step) => step / 2), g_loss: steps.map((step) => -step), metrics });
  }
  return history;
}

/** @param {ArrayLike<number>} steps */
function measureGaps(steps) {
  return Array.from({ length: steps.length - 1 }, (_, i) => Number(steps[i + 1]) - Number(steps[i]));
}

test("F27: the history of a long run is bounded, and its newest rows are all there", () => {
  const history = train(300_000);
  const { steps, values } = history.metrics.get("grid_js") ?? { steps: [], values: [] };
  for (const column of [history.steps, steps]) {
    assert.ok(column.length <= 50_000 && column.length >= 10_000, `${column.length} rows`);
    assert.deepEqual([...column.slice(-5000)], Array.from({ length: 5000 }, (_, i) => 295_001 + i));
  }
  assert.ok(history.steps.every((step, i) => history.d_loss[i] === step / 2 && history.g_loss[i] === -step));
  assert.ok([...steps].every((step, i) => values[i] === step / 8));
});

test("a long run is thinned evenly: its beginning is as dense as its middle", () => {
  const gaps = measureGaps(train(300_000).steps);
  const old = gaps.slice(1, gaps.findLastIndex((gap) => gap > 1));
  assert.equal(Math.max(...old), Math.min(...old));
  assert.ok(old.length * Number(old[0]) > 200_000, `${old.length} gaps of ${old[0]}`);
});

test("steps that came already thinned are thinned further, and not lost", () => {
  const history = new History();
  for (let first = 1; first <= 400_001; first += 4000) {
    const steps = Array.from({ length: 1000 }, (_, i) => first + 4 * i);
    history.append({ steps, d_loss: steps, g_loss: steps, metrics: [] });
  }
  const gaps = measureGaps(history.steps);
  assert.ok(history.steps.length > 10_000 && history.steps.length <= 50_000);
  assert.ok(Math.max(...gaps) <= 32, `a gap of ${Math.max(...gaps)}`);
});

test("the last loss of a player that did not play since is remembered", () => {
  const history = new History();
  assert.deepEqual(history.last, { d_loss: NaN, g_loss: NaN });
  history.append({ steps: [1, 2], d_loss: [0.5, null], g_loss: [null, null], metrics: [] });
  assert.deepEqual(history.last, { d_loss: 0.5, g_loss: NaN });
  history.append({ steps: [3], d_loss: [null], g_loss: [0.8], metrics: [] });
  assert.deepEqual(history.last, { d_loss: 0.5, g_loss: 0.8 });
  history.clear();
  assert.deepEqual(history.last, { d_loss: NaN, g_loss: NaN });
});
