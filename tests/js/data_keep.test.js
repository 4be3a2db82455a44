import assert from "node:assert/strict";
import { test } from "node:test";

import { readSheet, writeSheet } from "../../static/js/data/keep.js";
import { beginDrawing, redo, replaceStrokes, undo } from "../../static/js/data/strokes.js";

/** @typedef {import("../../static/js/data/strokes.js").Stroke} Stroke */

/**
 * @param {number} x
 * @returns {Stroke}
 */
const dot = (x) => ({ kind: "line", points: [[x, 0.5]] });

/**
 * A drawing to which one stroke was added after the other.
 *
 * @param {number} count
 */
function drawStrokes(count) {
  let drawing = beginDrawing();
  for (let i = 0; i < count; i += 1) drawing = replaceStrokes(drawing, [...drawing.strokes, dot(i / 1000)]);
  return drawing;
}

test("a kept drawing is undone and redone as if it had never been away", () => {
  const drawing = undo(drawStrokes(4));
  const sheet = readSheet(writeSheet({ drawing, noise: 0.04, applied: { points: [[0.1, 0.2]], noise: 0.03 } }));
  assert.deepEqual(sheet, { drawing, noise: 0.04, applied: { points: [[0.1, 0.2]], noise: 0.03 } });
  assert.deepEqual(redo(sheet.drawing), redo(drawing));
  assert.deepEqual(undo(sheet.drawing), undo(drawing));
});

test("a stroke is written once, however many steps of undoing hold it", () => {
  const text = writeSheet({ drawing: drawStrokes(60), noise: 0.02, applied: null }) ?? "";
  assert.equal(text.split('"kind"').length - 1, 60);
});

test("what is too long loses its oldest steps of undoing, and never the drawing", () => {
  const sheet = { drawing: drawStrokes(60), noise: 0.02, applied: null };
  const { drawing } = readSheet(writeSheet(sheet, 4000));
  assert.deepEqual(drawing.strokes, sheet.drawing.strokes);
  assert.ok(drawing.past.length > 0 && drawing.past.length < 60, `${drawing.past.length} steps`);
  assert.deepEqual(drawing.past.at(-1), sheet.drawing.past.at(-1));
  assert.equal(writeSheet(sheet, 100), null);
});

test("text that nobody wrote is an empty sheet", () => {
  for (const text of [null, "", "{", "null", '{"strokes": 3}']) {
    assert.deepEqual(readSheet(text), { drawing: beginDrawing(), noise: 0.02, applied: null });
  }
});

test("the steps that can be undone are bounded", () => {
  const { past, strokes } = drawStrokes(250);
  assert.equal(past.length, 100);
  assert.deepEqual(past.at(-1), strokes.slice(0, -1));
});
