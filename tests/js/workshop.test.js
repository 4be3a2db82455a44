import assert from "node:assert/strict";
import { test } from "node:test";

import { createChange } from "../../static/js/controls/configs.js";
import { Refused } from "../../static/js/controls/refusals.js";
import { describeProblem } from "../../static/js/controls/words.js";
import { createWorkshop } from "../../static/js/controls/workshop.js";
import { buildState } from "../../static/js/state.js";
import { createStore } from "../../static/js/store.js";

/** @typedef {import("../../static/js/state.js").RunConfig} RunConfig */

const BETA = { key: "beta", label: "Decay" };
const CATALOG = /** @type {import("../../static/js/state.js").Catalog} */ (
  /** @type {unknown} */ ({
    losses: [],
    regularizers: [],
    techniques: [
      { key: "ema", label: "Average", parameters: [BETA] },
      { key: "bigan", label: "BiGAN", parameters: [BETA] },
    ],
    datasets: [],
    latents: [],
    optimizers: [],
    activations: [],
    run: { sections: {}, numbers: [], network: [], restarting: [] },
  })
);

/**
 * A page whose run has two techniques, and a lab that refuses whatever is asked.
 *
 * @param {string} path what it names
 * @param {string} words
 * @param {readonly string[]} fields the paths that have a field
 */
function openWorkshop(path, words, fields) {
  const state = buildState({ theme: "light", contrast: "normal", mode: "desk", palette: "default" });
  state.catalog = CATALOG;
  state.config = /** @type {RunConfig} */ (
    /** @type {unknown} */ ({ loss: { name: "hinge" }, regularizers: [], techniques: [{ name: "ema" }, { name: "bigan" }] })
  );
  const store = createStore(state);
  const refuse = () => new Refused({ message: `${path}: ${words}`, refusal: { path, words: [words] } }, CATALOG, store.get().asked);
  const change = createChange(store, { command: () => Promise.reject(refuse()) });
  /** @type {[string, string][]} */
  const complaints = [];
  const part = {
    element: /** @type {any} */ (null),
    show: () => undefined,
    field: (/** @type {string} */ wanted) =>
      fields.includes(wanted)
        ? { element: part.element, show: part.show, complain: (/** @type {string} */ words) => complaints.push([wanted, words]) }
        : undefined,
  };
  const finder = /** @type {any} */ (null);
  return { store, complaints, commit: createWorkshop(CATALOG, store, change, finder, () => [part]).commit };
}

test("a refused place in a list is of the list that was asked for, in its words and at its field", async () => {
  const { commit, complaints } = openWorkshop("techniques.0.beta", "expected at most 1, got 2", [
    "techniques.ema.beta",
    "techniques.bigan.beta",
  ]);
  await commit("techniques.ema", false);
  assert.deepEqual(complaints, [["techniques.bigan.beta", "BiGAN, decay: expected at most 1, got 2"]]);
});

test("a refusal that no field shows is of the run that was asked for too", async () => {
  const { commit, store } = openWorkshop("techniques.0.beta", "expected at most 1, got 2", []);
  await commit("techniques.ema", false);
  assert.equal(describeProblem(store.get()), "BiGAN, decay: expected at most 1, got 2");
});
