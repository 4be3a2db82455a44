import assert from "node:assert/strict";
import { test } from "node:test";

import { decimateLine } from "../../static/js/plots/decimate.js";

const COUNT = 10_000;
const steps = Float64Array.from({ length: COUNT }, (_, i) => i);

test("a long line keeps its extremes, its ends, and no more points than allowed", () => {
  const values = steps.map((i) => Math.sin(i / 50));
  values[4321] = 9;
  values[7777] = -9;
  const line = decimateLine(steps, values, 400);
  assert.ok(line.x.length <= 400);
  assert.equal(line.y[line.x.indexOf(4321)], 9);
  assert.equal(line.y[line.x.indexOf(7777)], -9);
  assert.deepEqual([line.x[0], line.x[line.x.length - 1]], [0, COUNT - 1]);
});

test("the kept points ascend, each once", () => {
  const { x } = decimateLine(steps, steps.map(Math.cos), 400);
  assert.ok(x.every((step, i) => i === 0 || step > x[i - 1]));
});

test("a missing value stays a gap", () => {
  const values = steps.map(() => 1);
  values[5000] = Number.NaN;
  const line = decimateLine(steps, values, 400);
  assert.equal(line.y[line.x.indexOf(5000)], null);
  assert.equal(line.y.filter((value) => value === null).length, 1);
});

test("a short line is kept whole", () => {
  const line = decimateLine([1, 2, 5], [3, Infinity, 4], 400);
  assert.deepEqual(line, { x: [1, 2, 5], y: [3, null, 4] });
});

test("a zoomed line is thinned within its range and reaches over both edges", () => {
  const { x } = decimateLine(steps, steps, 400, [1000.5, 1100.5]);
  assert.deepEqual([x[0], x[x.length - 1], x.length], [1000, 1102, 103]);
});
