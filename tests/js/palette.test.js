import assert from "node:assert/strict";
import { test } from "node:test";

import { mixColours, rampIndex, scoreColour, scoreRamp } from "../../static/js/palette.js";

/** @typedef {import("../../static/js/palette.js").Palette} Palette */

const colours = { surfaceReal: [0, 200, 0], surfaceMid: [100, 100, 100], surfaceFake: [200, 0, 200] };
const palette = /** @type {Palette} */ (/** @type {unknown} */ (colours));

test("P28: the score's colours are fake, middle and real at -1, 0 and 1, and stay there beyond", () => {
  const found = [-1, 0, 1, -7, 7].map((position) => scoreColour(palette, position));
  const { surfaceFake, surfaceMid, surfaceReal } = colours;
  assert.deepEqual(found, [surfaceFake, surfaceMid, surfaceReal, surfaceFake, surfaceReal]);
});

test("a score that is no number is shown as undecided", () => {
  assert.deepEqual(scoreColour(palette, Number.NaN), colours.surfaceMid);
});

test("half of the way lies between two colours", () => {
  assert.deepEqual(mixColours([0, 0, 0], [100, 50, 10], 0.5), [50, 25, 5]);
});

test("the ramp's ends are the palette's colours as opaque pixels", () => {
  const bytes = new Uint8Array(scoreRamp(palette).buffer);
  assert.deepEqual([...bytes.slice(0, 4)], [...colours.surfaceFake, 255]);
  assert.deepEqual([...bytes.slice(-4)], [...colours.surfaceReal, 255]);
});

test("positions outside the scale take the ramp's ends", () => {
  assert.deepEqual([-5, -1, 1, 5].map(rampIndex), [0, 0, 255, 255]);
});
