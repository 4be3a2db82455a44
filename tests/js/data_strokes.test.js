import assert from "node:assert/strict";
import { test } from "node:test";

import { fitBox, suggestNoise } from "../../static/js/data/fit.js";
import { beginDrawing, redo, replaceStrokes, samplePositions, undo } from "../../static/js/data/strokes.js";

/** @typedef {import("../../static/js/data/strokes.js").Point} Point */
/** @typedef {import("../../static/js/data/strokes.js").Stroke} Stroke */

/**
 * @param {Point[]} points
 * @returns {Stroke}
 */
const line = (...points) => ({ kind: "line", points });

test("F28: a stroke has as many positions as it is long, however many events drew it", () => {
  const slow = Array.from({ length: 301 }, (_, i) => /** @type {Point} */ ([0.2 + (0.6 * i) / 300, 0.5]));
  const fast = samplePositions([line([0.2, 0.5], [0.8, 0.5])]);
  assert.equal(fast.length, 60);
  assert.deepEqual(samplePositions([line(...slow)]), fast);
  assert.equal(samplePositions([line([0.2, 0.5], [0.5, 0.5])]).length, 30);
});

test("F28: positions lie at even distances, though the pen paused on the way", () => {
  const [a, b, c] = /** @type {Point[]} */ ([[0, 0], [0.3, 0], [0.3, 0.4]]);
  const positions = samplePositions([line(a, b, b, b, b, c)]);
  assert.equal(positions.length, 70);
  assert.deepEqual(positions[0], [0.005, 0]);
  assert.deepEqual(positions[30], [0.3, 0.005]);
  assert.deepEqual(positions[69], [0.3, 0.395]);
});

test("a touch weighs as much as a stroke of the brush's width", () => {
  assert.deepEqual(samplePositions([line([0.5, 0.25])]), Array(4).fill([0.5, 0.25]));
});

test("a drawing of very long strokes keeps its proportions in 4000 positions", () => {
  const zigzag = Array.from({ length: 121 }, (_, i) => /** @type {Point} */ ([i % 2, 0.5]));
  const positions = samplePositions([line(...zigzag), line([0, 0], [0, 0.5])]);
  assert.ok(Math.abs(positions.length - 4000) <= 2);
  assert.equal(positions.filter(([, y]) => y < 0.5).length, Math.round((4000 * 0.5) / 120.5));
});

test("positions that came without strokes stay as they are", () => {
  /** @type {Point[]} */
  const points = [[0.1, 0.2], [0.9, 0.2]];
  assert.deepEqual(samplePositions([{ kind: "dots", points }]), points);
});

test("strokes are undone and redone in order, and a new stroke ends redoing", () => {
  const [one, two, three] = [line([0, 0]), line([1, 1]), line([0, 1])];
  const drawn = replaceStrokes(replaceStrokes(beginDrawing(), [one]), [one, two]);
  assert.deepEqual(undo(drawn).strokes, [one]);
  assert.deepEqual(redo(undo(drawn)).strokes, [one, two]);
  assert.deepEqual(undo(undo(undo(drawn))).strokes, []);
  assert.deepEqual(redo(redo(undo(undo(drawn)))).strokes, [one, two]);
  const changed = replaceStrokes(undo(drawn), [one, three]);
  assert.deepEqual(redo(changed).strokes, [one, three]);
});

test("clearing can be undone", () => {
  const drawn = beginDrawing([line([0, 0])]);
  assert.deepEqual(undo(replaceStrokes(drawn, [])).strokes, drawn.strokes);
});

test("the box of given points is the one that the server fits", () => {
  const box = fitBox([[100, -3], [104, -2]], 0.1);
  assert.deepEqual(box.centre, [102, -2.5]);
  assert.ok(Math.abs(box.half_extent - 1.15 * 2.3) < 1e-12);
  assert.equal(fitBox([[1e6, 0]], 0.0001).half_extent, 1000);
});

test("the noise suits the size of the points, within what the server takes", () => {
  assert.equal(suggestNoise([[0, 0], [200, 10]]), 2);
  assert.equal(suggestNoise([[0, 0], [1e5, 0]]), 10);
  assert.equal(suggestNoise([[0, 0], [1e-6, 0]]), 0.0001);
  assert.equal(suggestNoise([[3, 3]]), 0.02);
});
