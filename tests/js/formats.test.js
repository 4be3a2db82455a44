import assert from "node:assert/strict";
import { test } from "node:test";

import { findQuantile, formatFixed, formatNumber, roundUp } from "../../static/js/layers/numbers.js";

test("numbers have three digits that count, a real minus, and a dash where there is none", () => {
  const found = [0, 0.12345, -2.5, 1234.6, 12_345_678, Number.NaN, null, Infinity].map(formatNumber);
  assert.deepEqual(found, ["0", "0.123", "−2.5", "1,235", "1.23 × 10⁷", "–", "–", "∞"]);
});

test("numbers that change in place keep their decimals", () => {
  assert.deepEqual([1, -0.5, Number.NaN].map((value) => formatFixed(value, 3)), ["1.000", "−0.500", "–"]);
});

test("a number that is too small for its decimals is not written as 0", () => {
  const found = [0, 2.83e-5, -0.000412, 0.0005].map((value) => formatFixed(value, 3));
  assert.deepEqual(found, ["0.000", "2.83 × 10⁻⁵", "−0.000412", "0.001"]);
});

test("rounding up gives 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual([0.3, 1, 1.1, 7, 0.05, 0, Number.NaN].map(roundUp), [0.5, 1, 2, 10, 0.05, 1, 1]);
});

test("a quantile leaves out what is no number", () => {
  assert.equal(findQuantile([5, Number.NaN, 1, 3], 0.5), 3);
  assert.ok(Number.isNaN(findQuantile([], 0.5)));
});
