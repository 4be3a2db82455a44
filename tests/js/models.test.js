import assert from "node:assert/strict";
import { test } from "node:test";

import { arrangeFiles, findPretrained } from "../../static/js/controls/models.js";

/** @param {string} name @param {number} [size] */
const file = (name, size = 3) => new File([new Uint8Array(size)], name);

test("one saved model is sent as it is", () => {
  const model = file("ganlab-ring-step-7.safetensors");
  assert.deepEqual(arrangeFiles([model]), { query: "", parts: [model] });
});

test("P13: GAN Lab's two files are sent together, the JSON first, in whatever order they were chosen", () => {
  const [manifest, weights] = [file("ring.JSON", 978), file("ring.weights.bin")];
  for (const files of [
    [manifest, weights],
    [weights, manifest],
  ]) {
    assert.deepEqual(arrangeFiles(files), { query: "?manifest=978", parts: [manifest, weights] });
  }
});

test("other choices of files are refused in words", () => {
  for (const files of [[], [file("a.json")], [file("a.bin"), file("b.bin")], [file("a.json"), file("b"), file("c")]]) {
    assert.throws(() => arrangeFiles(files), /two files together/);
  }
});

test("P12: a model is offered for a data set that the lab has one of", () => {
  const preset = { pretrained: 1500, config: { data: { name: "ring" } } };
  const other = { pretrained: null, config: { data: { name: "ring8" } } };
  const catalog = /** @type {any} */ ({ presets: [other, preset] });
  const run = (/** @type {string} */ name) => /** @type {any} */ ({ data: { name } });
  assert.equal(findPretrained({ catalog, config: run("ring") }), preset);
  assert.equal(findPretrained({ catalog, config: run("ring8") }), undefined);
  assert.equal(findPretrained({ catalog: null, config: null }), undefined);
});
