import assert from "node:assert/strict";
import { test } from "node:test";

import {
  formatNumber,
  formatRate,
  POSITIONS,
  readNumber,
  toPosition,
  toValue,
} from "../../static/js/controls/numbers.js";

/** @typedef {import("../../static/js/controls/numbers.js").Range} Range */

/** @type {Range} */
const RATE = { minimum: 0.0001, maximum: 1, integer: false, scale: "log" };
/** @type {Range} */
const LAYERS = { minimum: 0, maximum: 8, integer: true, scale: "linear" };

test("a slow rate has a digit after the point, a fast one commas, and none is nothing", () => {
  assert.deepEqual([0, 9.5, 99.96, 842.4, 12_345].map(formatRate), ["0", "9.5", "100", "842", "12,345"]);
});

test("a number's text reads back as the same number, without an exponent", () => {
  assert.deepEqual([0.001, 3, 1e-7].map(formatNumber), ["0.001", "3", "0.0000001"]);
});

test("a text in range is its number, and both ends are in range", () => {
  assert.deepEqual(readNumber(" 0.5 ", RATE), { value: 0.5, problem: "" });
  assert.deepEqual(
    ["0.0001", "1"].map((text) => readNumber(text, RATE).value),
    [0.0001, 1],
  );
});

test("a text out of range, empty, no number or not whole is refused with the range", () => {
  for (const text of ["", "much", "9", "-1", "2.5", "Infinity"]) {
    assert.deepEqual(readNumber(text, LAYERS), { value: null, problem: "Give a whole number from 0 to 8." });
  }
});

test("commas stand between thousands of a whole number, and nowhere else", () => {
  /** @type {Range} */
  const steps = { minimum: 0, maximum: 2e6, integer: true, scale: "linear" };
  assert.deepEqual(["12,529", "1,234,567", "0,5", "1,5", "12,52", "1,000.0"].map((text) => readNumber(text, steps).value), [
    12_529, 1_234_567, null, null, null, null,
  ]);
});

test("who writes a comma for the point is told so", () => {
  assert.equal(readNumber("0,5", RATE).problem, "Give a number from 0.0001 to 1, with a point and no comma.");
});

test("a slider's ends are the range's ends exactly", () => {
  assert.deepEqual([toValue(0, RATE), toValue(POSITIONS, RATE)], [0.0001, 1]);
  assert.deepEqual([toPosition(0.0001, RATE), toPosition(1, RATE)], [0, POSITIONS]);
});

test("half of a slider is half of the factors on a log scale, and half of the way on a linear one", () => {
  assert.equal(toValue(POSITIONS / 2, RATE), 0.01);
  assert.equal(toPosition(0.01, RATE), POSITIONS / 2);
  assert.equal(toValue(POSITIONS / 2, LAYERS), 4);
});

test("a log scale may begin at 0, and has as much room for few as for many", () => {
  /** @type {Range} */
  const size = { minimum: 0, maximum: 9999, integer: true, scale: "log" };
  assert.deepEqual([0, 250, 500, 750, POSITIONS].map((position) => toValue(position, size)), [0, 9, 99, 999, 9999]);
  assert.deepEqual([0, 9, 99, 999, 9999].map((value) => toPosition(value, size)), [0, 250, 500, 750, POSITIONS]);
});

test("a slider gives whole numbers where the parameter wants them", () => {
  assert.equal(toValue(POSITIONS / 3, LAYERS), 3);
});
