import assert from "node:assert/strict";
import { test } from "node:test";

import { assignPath, createChange, findPreset, readPath } from "../../static/js/controls/configs.js";
import { buildState } from "../../static/js/state.js";
import { createStore } from "../../static/js/store.js";

/** @typedef {import("../../static/js/state.js").RunConfig} RunConfig */

const CONFIG = /** @type {RunConfig} */ (
  /** @type {unknown} */ ({
    seed: 0,
    batch_size: 128,
    loss: { name: "minimax" },
    g_optimizer: { name: "adam", learning_rate: 0.001, beta1: 0.5 },
  })
);

function openStore() {
  const state = buildState({ theme: "light", contrast: "normal", mode: "desk", palette: "default" });
  state.config = CONFIG;
  return createStore(state);
}

test("a value is changed at its path, and the run before stays as it was", () => {
  const changed = assignPath(CONFIG, "g_optimizer.learning_rate", 0.1);
  assert.equal(readPath(changed, "g_optimizer.learning_rate"), 0.1);
  assert.equal(readPath(changed, "g_optimizer.beta1"), 0.5);
  assert.equal(readPath(CONFIG, "g_optimizer.learning_rate"), 0.001);
  assert.equal(assignPath(CONFIG, "seed", 4).seed, 4);
});

test("another unit keeps none of the old unit's values", () => {
  assert.deepEqual(assignPath(CONFIG, "g_optimizer.name", "sgd").g_optimizer, { name: "sgd" });
});

test("a unit of a list is switched on once and off by its name, and its numbers are below it", () => {
  const none = /** @type {RunConfig} */ ({ ...CONFIG, regularizers: [] });
  const one = assignPath(none, "regularizers.r1", true);
  assert.deepEqual(one.regularizers, [{ name: "r1" }]);
  assert.deepEqual(assignPath(one, "regularizers.r1", true).regularizers, [{ name: "r1" }]);
  const two = assignPath(assignPath(one, "regularizers.lecam", true), "regularizers.r1.gamma", 3);
  assert.deepEqual(two.regularizers, [{ name: "r1", gamma: 3 }, { name: "lecam" }]);
  assert.deepEqual(assignPath(two, "regularizers.r1", false).regularizers, [{ name: "lecam" }]);
  assert.deepEqual(one.regularizers, [{ name: "r1" }]);
});

test("a preset is recognised whatever the order of its keys, and not when a number differs", () => {
  const { g_optimizer, ...rest } = CONFIG;
  const config = { g_optimizer: { beta1: 0.5, learning_rate: 0.001, name: "adam" }, ...rest };
  const catalog = /** @type {import("../../static/js/state.js").Catalog} */ (
    /** @type {unknown} */ ({
      presets: [
        { key: "first", config: assignPath(CONFIG, "seed", 1) },
        { key: "second", config },
      ],
    })
  );
  assert.equal(findPreset(CONFIG, catalog), "second");
  assert.equal(findPreset(assignPath(CONFIG, "batch_size", 64), catalog), null);
});

/**
 * A lab that answers when it is told to, and refuses a batch of no examples as the real one does.
 *
 * @param {ReturnType<typeof openStore>} store
 */
function openLab(store) {
  /** @type {RunConfig[]} */
  const sent = [];
  /** @type {(() => void)[]} */
  const answers = [];
  const change = createChange(store, {
    command: (request) => {
      assert.equal(request.type, "configure");
      const config = /** @type {RunConfig} */ (/** @type {any} */ (request).config);
      sent.push(config);
      return new Promise((resolve, reject) => {
        answers.push(() => {
          if (config.batch_size === 0) return reject(new Error("batch_size: expected a whole number from 1"));
          store.set({ config });
          resolve();
        });
      });
    },
  });
  async function answerAll() {
    for (let i = 0; i < 20; i += 1) {
      answers.splice(0).forEach((answer) => answer());
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { change, sent, answerAll };
}

test("a change that follows before the first is answered is based on the first", async () => {
  const { change, sent, answerAll } = openLab(openStore());
  const both = [
    change((config) => assignPath(config, "batch_size", 64)),
    change((config) => assignPath(config, "seed", 5)),
  ];
  await answerAll();
  await Promise.all(both);
  assert.deepEqual(
    sent.map(({ batch_size, seed }) => [batch_size, seed]),
    [
      [64, 0],
      [64, 5],
    ],
  );
});

test("a change that was refused is not carried into those that followed it", async () => {
  const { change, sent, answerAll } = openLab(openStore());
  const refused = assert.rejects(
    change((config) => assignPath(config, "batch_size", 0)),
    /batch_size/,
  );
  const second = change((config) => assignPath(config, "seed", 5));
  await answerAll();
  const third = change((config) => assignPath(config, "loss.name", "hinge"));
  await answerAll();
  await Promise.all([refused, second, third]);
  assert.deepEqual(
    sent.slice(1).map(({ batch_size, seed }) => [batch_size, seed]),
    [
      [128, 5],
      [128, 5],
    ],
  );
});
