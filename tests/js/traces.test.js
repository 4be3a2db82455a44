import assert from "node:assert/strict";
import { test } from "node:test";

import { makeTraces } from "../../static/js/plots/traces.js";
import { project, zoomBox } from "../../static/js/plots/view.js";

/** @typedef {import("../../static/js/palette.js").Palette} Palette */
/** @typedef {import("../../static/js/plots/view.js").View} View */

const palette = /** @type {Palette} */ (new Proxy({}, { get: () => [1, 2, 3] }));
/** @type {View} */
const VIEW = { box: [0, 10, 0, 10], width: 100, height: 100, scale: 1, needle: 2 };

test("a place is projected with y upwards", () => {
  const { toX, toY } = project(VIEW);
  assert.deepEqual([toX(0), toX(10), toY(0), toY(10)], [0, 100, 100, 0]);
});

test("zooming keeps the middle", () => {
  assert.deepEqual(zoomBox([0, 10, 20, 30], 0.5), [2.5, 7.5, 22.5, 27.5]);
});

test("P44: a needle is as long as the scale says, whatever the zoom", () => {
  const needles = {
    kind: /** @type {const} */ ("needles"),
    points: Float32Array.of(5, 5),
    vectors: Float32Array.of(4, 0),
    colour: /** @type {const} */ ("gradient"),
    describe: () => "words",
  };
  // The scale's needle is a tenth of the picture for 2; this gradient is 4, so it spans a fifth.
  for (const [box, tip] of /** @type {const} */ ([[VIEW.box, 7], [[4, 6, 4, 6], 5.4]])) {
    const [, hover] = makeTraces(needles, { ...VIEW, box }, palette);
    assert.ok(Math.abs(/** @type {number[]} */ (hover.x)[0] - tip) < 1e-5);
    assert.deepEqual(hover.text, ["words"]);
  }
});

test("the surface's trace has the centres of its cells and a word for each", () => {
  const image = {
    kind: /** @type {const} */ ("image"),
    box: VIEW.box,
    rows: 2,
    columns: 2,
    positions: Float32Array.of(-1, 0, 0, 1),
    describe: (/** @type {number} */ i) => `cell ${i}`,
  };
  const [trace] = makeTraces(image, VIEW, palette);
  assert.deepEqual([trace.x0, trace.dx, trace.y0, trace.dy], [2.5, 5, 2.5, 5]);
  assert.deepEqual(trace.z, [[-1, 0], [0, 1]]);
  assert.deepEqual(trace.text, [["cell 0", "cell 1"], ["cell 2", "cell 3"]]);
});
