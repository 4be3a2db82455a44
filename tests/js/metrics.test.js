import assert from "node:assert/strict";
import { test } from "node:test";

import { placeTicks, traceSeries } from "../../static/js/plots/chart_frame.js";
import { describeFew } from "../../static/js/plots/metrics_table.js";

test("where few points lie inside a mode, a reader is told not to trust the count of modes", () => {
  const words = describeFew(0.0071, 0.989);
  assert.match(words, /^Few inside: 0\.7\u00a0% of the generated points lie inside a mode; of a perfect generator’s 98\.9\u00a0% do\./);
});

test("a sharp picture, or one of which nothing is known, is left without the words", () => {
  assert.equal(describeFew(0.8, 0.989), "");
  assert.equal(describeFew(Number.NaN, 0.989), "");
  assert.equal(describeFew(0.1, undefined), "");
});

test("the ticks of a short run are whole steps, each once", () => {
  assert.deepEqual(placeTicks([0, 1]), { tickmode: "array", tickvals: [0, 1] });
  assert.deepEqual(placeTicks([99.5, 103.2]), { tickmode: "array", tickvals: [100, 101, 102, 103] });
  assert.deepEqual(placeTicks([0, 100]), { nticks: 6 });
  assert.deepEqual(placeTicks([0, 0]), { tickmode: "array", tickvals: [0] });
  assert.deepEqual(placeTicks([3.2, 3.8]), { tickmode: "array", tickvals: [] });
});

test("a run that begins far behind step 0 has few ticks, however long its axis", () => {
  for (const last of [0, 1, 6]) {
    const ticks = placeTicks([0, last]);
    assert.ok((ticks.nticks ?? ticks.tickvals?.length ?? Infinity) <= 7);
    assert.ok(!("dtick" in ticks));
  }
});

test("the first step of a run is seen on its chart, though one point makes no line", () => {
  const palette = /** @type {any} */ ({ discriminator: [0, 0, 0], strokes: 1 });
  const trace = (/** @type {number[]} */ steps) =>
    traceSeries({ key: "d", name: "D", colour: "discriminator", steps, values: steps }, { isShown: true, range: null, palette });
  assert.equal(trace([1]).mode, "markers");
  assert.equal(trace([1, 2]).mode, "lines");
});
