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
    datasets: [
      unit("drawing", "Drawing", [
        { key: "points", label: "Pen positions" },
        { key: "noise", label: "Brush width" },
      ]),
      unit("ring", "Ring", [{ key: "size", label: "Size of the data set" }]),
      unit("points", "Own data", [{ key: "points", label: "Points" }]),
      unit("moons", "Two moons", [{ key: "noise", label: "Noise" }]),
    ],
    latents: [],
    optimizers: [],
    activations: [unit("relu", "ReLU"), unit("tanh", "Hyperbolic tangent")],
    run: { sections: { data: "datasets", loss: "losses", g_optimizer: "optimizers" }, numbers: [{ key: "batch_size", label: "Batch size" }], network: [{ key: "width", label: "Neurons per layer" }] },
  })
);
/** @param {object} parts @returns {import("../../static/js/state.js").RunConfig} */
const describeRun = (parts) => /** @type {any} */ ({ regularizers: [], techniques: [], ...parts });
const CONFIG = describeRun({ regularizers: [{ name: "r1" }], techniques: [{ name: "bigan" }] });
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

test("a refused value has the label that the run's own unit gives it, where others call the same key otherwise", () => {
  /** @param {string} name @param {string} key */
  const wordOf = (name, key) => wordRefusal(`data.${key}: expected 3`, CATALOG, describeRun({ data: { name } }));
  assert.equal(wordOf("points", "points"), "Points: expected 3");
  assert.equal(wordOf("drawing", "points"), "Pen positions: expected 3");
  assert.equal(wordOf("drawing", "noise"), "Brush width: expected 3");
  assert.equal(wordOf("moons", "noise"), "Noise: expected 3");
});

test("a whole section is nobody's part, and a whole list is none of its units", () => {
  assert.equal(word("generator: expected an object, got 3"), "Generator: expected an object, got 3");
  assert.equal(word("g_optimizer: expected an object, got 3"), "Optimizer of the generator: expected an object, got 3");
  assert.equal(word("data: expected an object, got 3"), "Data set: expected an object, got 3");
  assert.equal(word("techniques: expected a list, got 'x'"), "Techniques: expected a list, got 'x'");
});

test("a key that a unit does not have stays beside the unit's name", () => {
  assert.equal(word("techniques.0.decay: unknown key; expected one of name"), "BiGAN, decay: unknown key; expected one of name");
});

test("what may stand at a place has its labels, and what was asked for stays as it was written", () => {
  assert.equal(
    word("loss.name: expected one of non_saturating, minimax, hinge, got 'hinges'"),
    "Loss: expected one of Non-saturating, Minimax, Hinge, got 'hinges'",
  );
  assert.equal(word("regularizers.0.name: expected one of label_smoothing, r1, got 'r2'"), "R1: expected one of Label smoothing, R1, got 'r2'");
  assert.equal(
    word("generator.activation: expected one of relu, tanh, got 'nope'"),
    "Activation of the generator: expected one of ReLU, Hyperbolic tangent, got 'nope'",
  );
  assert.equal(
    word("generator.output: expected one of linear, tanh, got 'nope'"),
    "Output of the generator: expected one of linear, tanh, got 'nope'",
  );
});

test("words that refuse no part of a run stay as they are", () => {
  for (const words of ["The lab is not connected just now.", "run limit: 3 runs are open"]) assert.equal(word(words), words);
  assert.equal(wordRefusal("generator.width: expected 3", null, null), "generator.width: expected 3");
});
