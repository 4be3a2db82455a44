import assert from "node:assert/strict";
import { test } from "node:test";

import { describeFew } from "../../static/js/plots/metrics_table.js";

test("where few points lie inside a mode, a reader is told not to trust the count of modes", () => {
  const words = describeFew(0.0071, 0.989);
  assert.match(words, /^Few inside: 0\.7 % of the generated points lie inside a mode; of a perfect generator’s 98\.9 % do\./);
});

test("a sharp picture, or one of which nothing is known, is left without the words", () => {
  assert.equal(describeFew(0.8, 0.989), "");
  assert.equal(describeFew(Number.NaN, 0.989), "");
  assert.equal(describeFew(0.1, undefined), "");
});
