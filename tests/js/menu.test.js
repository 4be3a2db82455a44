import assert from "node:assert/strict";
import { test } from "node:test";

import { listFirst, listOptions } from "../../static/js/controls/menu.js";
import { matches } from "../../static/js/controls/search.js";
import { describeAbsence } from "../../static/js/controls/switches.js";
import { describeMark } from "../../static/js/plots/mark_words.js";

/** @typedef {import("../../static/js/state.js").Catalog} Catalog */
/** @typedef {import("../../static/js/state.js").RunConfig} RunConfig */
/** @typedef {import("../../static/js/state.js").UnitFacts} UnitFacts */

/** @param {string} key @param {Partial<UnitFacts>} [facts] @returns {UnitFacts} */
const unit = (key, facts = {}) => ({ key, label: key, help: "", formula: "", paper: null, parameters: [], ...facts });
/** @param {{key: string}[]} units */
const keysOf = (units) => units.map(({ key }) => key).join("");

const R1 = unit("r1", { label: "R1", parameters: [/** @type {any} */ ({ type: "number", key: "gamma", label: "Gamma" })] });
const SMOOTHING = unit("smooth", { goes_with: { loss: ["minimax", "usual"] }, because: "others teach no probability" });
const CATALOG = /** @type {Catalog} */ (
  /** @type {unknown} */ ({
    losses: [unit("minimax", { label: "Minimax" }), unit("usual", { label: "Usual" }), unit("hinge")],
    regularizers: [R1, SMOOTHING],
    techniques: [unit("ema"), unit("spectral", { label: "Spectral", apart: { weight: "it rescales too", r1: "it is steep" } }), unit("weight")],
    run: { sections: { loss: "losses" }, numbers: [], network: [] },
  })
);

/** @param {string} loss @param {string[]} techniques */
const run = (loss, techniques = []) =>
  /** @type {RunConfig} */ (
    /** @type {unknown} */ ({ loss: { name: loss }, regularizers: [], techniques: techniques.map((name) => ({ name })) })
  );

test("a short menu is shown whole, a long one begins with its basic units", () => {
  assert.equal(keysOf(listFirst([..."abcdef"].map((key) => unit(key)))), "abcdef");
  assert.equal(keysOf(listFirst([..."abcdefg"].map((key) => unit(key, { basic: "bf".includes(key) })))), "bf");
  assert.equal(keysOf(listFirst([..."abcdefg"].map((key) => unit(key)))), "abcde");
});

test("another tool's own units are never among the first, and make no menu long", () => {
  const units = [..."abcdefg"].map((key) => unit(key, { legacy: key === "b" }));
  assert.equal(keysOf(listFirst(units)), "acdefg");
});

test("an option of a menu knows its paper and its place in the reference", () => {
  const [option] = listOptions([unit("r1", { paper: { authors: "Mescheder", title: "Which", year: 2018 } })], "regularizers");
  assert.equal(option?.paper, "Mescheder: Which, 2018.");
  assert.equal(option?.about, "/reference#regularizers-r1");
});

test("a search finds what has all its words, in any order and case", () => {
  assert.ok(matches("gan  WASS", "Wasserstein GAN"));
  assert.ok(matches("", "anything"));
  assert.ok(!matches("wass hinge", "Wasserstein GAN"));
});

test("a unit says what it goes with and why, while the run has something else", () => {
  const words = "Not now. It goes with Minimax or Usual: others teach no probability.";
  assert.equal(describeAbsence(SMOOTHING, "regularizers", run("hinge"), CATALOG), words);
  assert.equal(describeAbsence(SMOOTHING, "regularizers", run("usual"), CATALOG), "");
  assert.equal(describeAbsence(R1, "regularizers", run("hinge"), CATALOG), "");
});

test("two units that mean nothing together keep each other off, whichever says so", () => {
  const [ema, spectral, weight] = /** @type {[UnitFacts, UnitFacts, UnitFacts]} */ (CATALOG.techniques);
  const beside = (/** @type {UnitFacts} */ one, /** @type {string} */ on) =>
    describeAbsence(one, "techniques", run("usual", [on]), CATALOG);
  assert.equal(beside(spectral, "weight"), "Not together with weight: it rescales too.");
  assert.equal(beside(weight, "spectral"), "Not now. Spectral is on: it rescales too.");
  assert.equal(beside(weight, "ema"), "");
  assert.equal(beside(ema, "spectral"), "");
  assert.equal(describeAbsence(R1, "regularizers", run("usual", ["spectral"]), CATALOG), "Not now. Spectral is on: it is steep.");
  const withR1 = { ...run("usual"), regularizers: [{ name: "r1" }] };
  assert.equal(describeAbsence(spectral, "techniques", /** @type {any} */ (withR1), CATALOG), "Not together with R1: it is steep.");
});

test("units on different networks do not keep each other off", () => {
  const choice = /** @type {any} */ ({ type: "choice", key: "network", default: "both" });
  const onOne = unit("norm", { network: "discriminator", parameters: [choice], apart: { spectral: "it is one too many" } });
  const spectral = unit("spectral", { network: "discriminator" });
  const catalog = /** @type {Catalog} */ ({ ...CATALOG, techniques: [onOne, spectral] });
  const beside = (/** @type {string} */ network) =>
    describeAbsence(spectral, "techniques", /** @type {any} */ ({ ...run("usual"), techniques: [{ name: "norm", network }] }), catalog);
  assert.equal(beside("generator"), "");
  assert.equal(beside("both"), "Not now. norm is on: it is one too many.");
  assert.equal(beside("discriminator"), "Not now. norm is on: it is one too many.");
  assert.equal(describeAbsence(onOne, "techniques", run("usual", ["spectral"]), catalog), "Not together with spectral: it is one too many.");
});

test("a mark says which units of a list went on and off, and which of their numbers changed", () => {
  /** @param {unknown} before @param {unknown} after */
  const describe = (before, after) =>
    describeMark(/** @type {any} */ ({ text: "changed", changes: { regularizers: [before, after] } }), CATALOG);
  const r1 = { name: "r1", gamma: 0.1 };
  assert.deepEqual(describe([], [r1]), ["R1 on"]);
  assert.deepEqual(describe([r1], [{ name: "smooth" }]), ["R1 off; smooth on"]);
  assert.deepEqual(describe([r1], [{ name: "r1", gamma: 3 }]), ["R1: gamma 0.1 → 3"]);
});
