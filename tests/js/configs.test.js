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
  const state = buildState("light");
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

test("a change that follows before the first is answered is based on the first", async () => {
  /** @type {any[]} */
  const sent = [];
  /** @type {(() => void)[]} */
  const answers = [];
  const store = openStore();
  const change = createChange(store, {
    command: (request) => {
      sent.push(request);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const both = [
    change((config) => assignPath(config, "batch_size", 64)),
    change((config) => assignPath(config, "seed", 5)),
  ];
  answers.forEach((answer) => answer());
  await Promise.all(both);
  assert.deepEqual(
    sent.map(({ type, config }) => [type, config.batch_size, config.seed]),
    [
      ["configure", 64, 0],
      ["configure", 64, 5],
    ],
  );
});

test("a change that was refused is not carried into the next one", async () => {
  const store = openStore();
  /** @type {any[]} */
  const sent = [];
  const change = createChange(store, {
    command: async (request) => {
      sent.push(request);
      if (sent.length === 1) throw new Error("batch_size: expected a whole number from 1 to 4096, got 0");
    },
  });
  await assert.rejects(
    change((config) => assignPath(config, "batch_size", 0)),
    /batch_size/,
  );
  await change((config) => assignPath(config, "seed", 5));
  assert.equal(sent[1].config.batch_size, 128);
});
