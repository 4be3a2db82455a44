import assert from "node:assert/strict";
import { test } from "node:test";

import { createScoreScale, describeScore, findScoreRule } from "../../static/js/layers/score.js";

test("a probability is undecided at output 0 and never leaves the scale", () => {
  const scale = createScoreScale({ kind: "probability" }, []);
  assert.deepEqual([-1000, 0, 1000].map(scale.place), [-1, 0, 1]);
  assert.ok(Math.abs(scale.read(Math.log(3)) - 0.75) < 1e-12);
  assert.ok(Math.abs(scale.place(Math.log(3)) - 0.5) < 1e-12);
});

test("a score with targets lies between them", () => {
  const scale = createScoreScale({ kind: "target", fake: 0, real: 1 }, []);
  assert.deepEqual([-3, 0, 0.25, 0.5, 1, 3].map(scale.place), [-1, -1, -0.5, 0, 1, 1]);
  assert.deepEqual(scale.ends, ["0", "0.5", "1"]);
});

test("a relative score is read against the others, and an outlier does not stretch it", () => {
  const outputs = Array.from({ length: 101 }, (_, i) => 100 + i / 100);
  const scale = createScoreScale({ kind: "relative" }, [...outputs, 1e6]);
  assert.ok(Math.abs(scale.place(100.5)) < 0.05);
  assert.ok(scale.place(101) > 0.9);
  assert.equal(scale.place(1e6), 1);
});

test("a flat relative score is undecided everywhere", () => {
  const scale = createScoreScale({ kind: "relative" }, [7, 7, 7]);
  assert.equal(scale.place(7), 0);
});

test("words say the number and the verdict", () => {
  const scale = createScoreScale({ kind: "probability" }, []);
  assert.equal(describeScore(scale, -4), "probability of being real 0.018 (scored fake)");
});

test("the rule is the chosen loss's own, and relative where it is not known", () => {
  const catalog = { losses: [{ key: "least_squares", score: /** @type {const} */ ({ kind: "target", fake: 0, real: 1 }) }] };
  assert.equal(findScoreRule(catalog, { loss: { name: "least_squares" } }).kind, "target");
  assert.equal(findScoreRule(catalog, { loss: { name: "unknown" } }).kind, "relative");
  assert.equal(findScoreRule(null, null).kind, "relative");
});
