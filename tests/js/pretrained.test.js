import assert from "node:assert/strict";
import { test } from "node:test";

import { findPretrained } from "../../static/js/controls/pretrained.js";

test("P12: a model is offered for a data set that the lab has one of", () => {
  const preset = { pretrained: 1500, config: { data: { name: "ring" } } };
  const other = { pretrained: null, config: { data: { name: "ring8" } } };
  const catalog = /** @type {any} */ ({ presets: [other, preset] });
  const run = (/** @type {string} */ name) => /** @type {any} */ ({ data: { name } });
  assert.equal(findPretrained({ catalog, config: run("ring") }), preset);
  assert.equal(findPretrained({ catalog, config: run("ring8") }), undefined);
  assert.equal(findPretrained({ catalog: null, config: null }), undefined);
});
