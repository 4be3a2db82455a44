import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseAppearance } from "../../static/js/appearance/choices.js";
import { describeMissing } from "../../static/js/missing.js";

const choose = (/** @type {string} */ address, remembered = {}, system = {}) =>
  chooseAppearance(new URLSearchParams(address), remembered, system);

test("without any wish the page is light, at normal contrast, for a desk, in the first palette", () => {
  assert.deepEqual(choose(""), { theme: "light", contrast: "normal", mode: "desk", palette: "default" });
});

test("the address wins over the memory, and the memory over the system", () => {
  const remembered = { theme: "dark", contrast: "normal" };
  const found = choose("theme=light", remembered, { theme: "dark", contrast: "high" });
  assert.deepEqual([found.theme, found.contrast], ["light", "normal"]);
});

test("a value that is none is passed over", () => {
  const found = choose("palette=plaid&mode=projector", { palette: "blue-orange", theme: "mauve" }, { theme: "dark" });
  assert.deepEqual([found.palette, found.mode, found.theme], ["blue-orange", "projector", "dark"]);
});

test("a browser that has everything is told nothing, and one that lacks something is told what", () => {
  assert.equal(describeMissing({ canvas: true, socket: true }), "");
  assert.match(describeMissing({ canvas: true, socket: false }), /WebSocket/);
  assert.match(describeMissing({ canvas: false, socket: false }), /canvas.* or .*WebSocket/);
});
