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
/** @typedef {import("../../static/js/protocol.js").Term} Term */

/**
 * A refusal as the server says it: the sentence, and its parts.
 *
 * @param {string} path
 * @param {...(string | Term)} words
 */
const say = (path, ...words) => ({
  message: `${path}: ${words.map((word) => (typeof word === "string" ? word : word.key)).join("")}`,
  refusal: { path, words },
});
/** @param {string} key @param {string} place @returns {Term} */
const term = (key, place) => ({ key, place });
/** What may stand at a place, with commas between. @param {string} place @param {...string} keys */
const list = (place, ...keys) => keys.flatMap((key, i) => (i ? [", ", term(key, place)] : [term(key, place)]));
/** @param {string} path @param {...(string | Term)} words */
const word = (path, ...words) => wordRefusal(say(path, ...words), CATALOG, CONFIG);

test("a refusal of a unit begins with its label, and names no place in a list", () => {
  assert.equal(
    word("techniques.0.name", term("extragradient", "techniques.0.name"), " goes with 1 update, not with 2: it looks ahead"),
    "Extragradient goes with 1 update, not with 2: it looks ahead",
  );
});

test("the other units of a refusal have their labels too, each that of its own kind", () => {
  assert.equal(
    word("regularizers.0.name", term("r1", "regularizers.0.name"), " does not go with ", term("bigan", "techniques.0.name"), ": bigan"),
    "R1 does not go with BiGAN: bigan",
  );
  assert.equal(
    word("batch_size", "expected at most 256 with ", term("hinge", "loss.name"), ", got 512"),
    "Batch size: expected at most 256 with Hinge, got 512",
  );
  assert.equal(word("loss.name", term("hinge", "data.name"), " goes"), "hinge goes");
});

test("a number that a unit needs is named as its field is", () => {
  assert.equal(
    word("techniques.0.name", term("retraining", "techniques.0.name"), " goes with a ", term("data.size", ""), " of 1 or more"),
    "Retraining goes with a size of the data set of 1 or more",
  );
});

test("a refused value is named as its field is", () => {
  assert.equal(word("generator.width", "expected a number from 1 to 256, got 999"), "Neurons per layer of the generator: expected a number from 1 to 256, got 999");
  assert.equal(word("regularizers.0.gamma", "expected a number from 0 to 9, got 10"), "R1, weight: expected a number from 0 to 9, got 10");
  assert.equal(word("techniques.3.name", "expected each unit once, got 'ema' again"), "Techniques: expected each unit once, got 'ema' again");
});

test("a refused value has the label that the run's own unit gives it, where others call the same key otherwise", () => {
  /** @param {string} name @param {string} key */
  const wordOf = (name, key) => wordRefusal(say(`data.${key}`, "expected 3"), CATALOG, describeRun({ data: { name } }));
  assert.equal(wordOf("points", "points"), "Points: expected 3");
  assert.equal(wordOf("drawing", "points"), "Pen positions: expected 3");
  assert.equal(wordOf("drawing", "noise"), "Brush width: expected 3");
  assert.equal(wordOf("moons", "noise"), "Noise: expected 3");
});

test("a whole section is nobody's part, and a whole list is none of its units", () => {
  assert.equal(word("generator", "expected an object, got 3"), "Generator: expected an object, got 3");
  assert.equal(word("g_optimizer", "expected an object, got 3"), "Optimizer of the generator: expected an object, got 3");
  assert.equal(word("data", "expected an object, got 3"), "Data set: expected an object, got 3");
  assert.equal(word("techniques", "expected a list, got 'x'"), "Techniques: expected a list, got 'x'");
});

test("a key that a unit does not have stays beside the unit's name", () => {
  assert.equal(word("techniques.0.decay", "unknown key; expected one of name"), "BiGAN, decay: unknown key; expected one of name");
});

test("what may stand at a place has its labels, and what was asked for stays as it was written", () => {
  const losses = list("loss.name", "non_saturating", "minimax", "hinge");
  assert.equal(word("loss.name", "expected one of ", ...losses, ", got 'hinges'"), "Loss: expected one of Non-saturating, Minimax, Hinge, got 'hinges'");
  const regularizers = list("regularizers.0.name", "label_smoothing", "r1");
  assert.equal(word("regularizers.0.name", "expected one of ", ...regularizers, ", got 'r2'"), "R1: expected one of Label smoothing, R1, got 'r2'");
  const activations = list("generator.activation", "relu", "tanh");
  assert.equal(
    word("generator.activation", "expected one of ", ...activations, ", got 'nope'"),
    "Activation of the generator: expected one of ReLU, Hyperbolic tangent, got 'nope'",
  );
  const outputs = list("generator.output", "linear", "tanh");
  assert.equal(word("generator.output", "expected one of ", ...outputs, ", got 'nope'"), "Output of the generator: expected one of linear, tanh, got 'nope'");
});

test("words that refuse no part of a run stay as they are, and a command has a capital", () => {
  for (const message of ["run limit: 3 runs are open", "model.safetensors: expected a file"]) {
    assert.equal(wordRefusal({ message, refusal: null }, CATALOG, CONFIG), message);
  }
  assert.equal(wordRefusal({ message: "back: the run begins here", refusal: null }, null, null), "Back: the run begins here");
  assert.equal(wordRefusal(say("generator.width", "expected 3"), null, null), "generator.width: expected 3");
});
