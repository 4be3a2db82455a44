import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseDataset } from "../../static/js/data/choose.js";

/** @typedef {import("../../static/js/state.js").RunConfig} RunConfig */
/** @typedef {import("../../static/js/state.js").Catalog} Catalog */

/**
 * @param {string} data
 * @param {number} batch_size
 * @returns {RunConfig}
 */
const run = (data, batch_size) =>
  /** @type {RunConfig} */ (/** @type {unknown} */ ({ seed: 0, data: { name: data }, batch_size, loss: { name: "log" } }));
const CATALOG = /** @type {Catalog} */ (
  /** @type {unknown} */ ({
    presets: [
      { key: "ring8", config: run("ring8", 128) },
      { key: "ring", config: run("ring", 150) },
      { key: "ring again", config: run("ring", 10) },
    ],
  })
);

test("P11: a data set comes with its own settings, and the seed stays", () => {
  assert.deepEqual(chooseDataset({ ...run("ring8", 128), seed: 4 }, CATALOG, "ring"), { ...run("ring", 150), seed: 4 });
});

test("F21: settings that the user turned stay when the data change", () => {
  assert.deepEqual(chooseDataset(run("ring8", 64), CATALOG, "ring"), run("ring", 64));
});

test("P11: a data set without settings of its own takes those of the run, and these still give way", () => {
  const other = chooseDataset(run("ring", 150), CATALOG, "grid25");
  assert.deepEqual(other, run("grid25", 150));
  assert.deepEqual(chooseDataset(other, CATALOG, "ring8"), run("ring8", 128));
});
