import assert from "node:assert/strict";
import { test } from "node:test";

import { wordRefusal } from "../../static/js/controls/refusals.js";

/** @param {string} key @param {string} label @param {object[]} [parameters] */
const unit = (key, label, parameters = []) => ({ key, label, parameters });
const CATALOG = /** @type {import("../../static/js/state.js").Catalog} */ (
  /** @type {unknown} */ ({
    losses: [unit("non_saturating", "Non-saturating"), unit("minimax", "Minimax"), unit("hinge", "Hinge")],
    regularizers: [unit("label_smoothing", "Label smoothing"), unit("r1", "R1", [{ key: "gamma", label: "Weight" }])],
    techniques: [unit("extragradient", "Extragradient"), unit("bigan", "BiGAN"), unit("retraining", "Retraining")],
    datasets: [unit("ring", "Ring", [{ key: "size", label: "Size of the data set" }])],
    latents: [],
    optimizers: [],
    activations: [],
    run: { sections: { data: "datasets", loss: "losses" }, numbers: [{ key: "batch_size", label: "Batch size" }], network: [{ key: "width", label: "Neurons per layer" }] },
  })
);
const CONFIG = { regularizers: [{ name: "r1" }], techniques: [] };
/** @param {string} message */
const word = (message) => wordRefusal(message, CATALOG, CONFIG);

test("a refusal of a unit begins with its label, and names no place in a list", () => {
  assert.equal(
    word("techniques.0.name: extragradient goes with 1 update of the generator in a step, not with 2: it looks ahead"),
    "Extragradient goes with 1 update of the generator in a step, not with 2: it looks ahead",
  );
  assert.equal(
    word("regularizers.0.name: r1 does not go with bigan: it prices points"),
    "R1 does not go with BiGAN: it prices points",
  );
});

test("the units that a refused one goes with have their labels too", () => {
  assert.equal(
    word("regularizers.0.name: label_smoothing goes with loss non_saturating or minimax, not with hinge: it is a target"),
    "Label smoothing goes with loss Non-saturating or Minimax, not with Hinge: it is a target",
  );
  assert.equal(
    word("batch_size: expected at most 256 with hinge, which compares all pairs of its points, got 512"),
    "Batch size: expected at most 256 with Hinge, which compares all pairs of its points, got 512",
  );
});

test("a number that a unit needs is named as its field is", () => {
  assert.equal(
    word("techniques.0.name: retraining goes with a data.size of 1 or more, not with 0: a law has no end"),
    "Retraining goes with a size of the data set of 1 or more, not with 0: a law has no end",
  );
});

test("a refused value is named as its field is", () => {
  assert.equal(word("generator.width: expected a number from 1 to 256, got 999"), "Neurons per layer of the generator: expected a number from 1 to 256, got 999");
  assert.equal(word("regularizers.0.gamma: expected a number from 0 to 9, got 10"), "R1, weight: expected a number from 0 to 9, got 10");
  assert.equal(word("techniques.3.name: expected each unit once, got 'ema' again"), "Techniques: expected each unit once, got 'ema' again");
});

test("words that refuse no part of a run stay as they are", () => {
  for (const words of ["The lab is not connected just now.", "run limit: 3 runs are open"]) assert.equal(word(words), words);
  assert.equal(wordRefusal("generator.width: expected 3", null, null), "generator.width: expected 3");
});
