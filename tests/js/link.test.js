import assert from "node:assert/strict";
import { test } from "node:test";

import { beginsAnew } from "../../static/js/link/arrive.js";
import { traceCourse } from "../../static/js/link/course.js";
import { applyEntries, diffConfigs } from "../../static/js/link/entries.js";
import { joinEntries, splitFragment } from "../../static/js/link/fragment.js";
import { guardChange, keepLocked } from "../../static/js/link/locks.js";
import { readOptions } from "../../static/js/link/options.js";
import { readLink, readLook } from "../../static/js/link/read.js";
import { writeLink } from "../../static/js/link/write.js";
import { DEFAULT_LAYERS } from "../../static/js/state.js";

/** @typedef {import("../../static/js/state.js").Catalog} Catalog */
/** @typedef {import("../../static/js/state.js").ParameterFacts} ParameterFacts */
/** @typedef {import("../../static/js/state.js").PageState} PageState */
/** @typedef {import("../../static/js/state.js").RunConfig} RunConfig */
/** @typedef {import("../../static/js/state.js").UnitConfig} UnitConfig */
/** @typedef {import("../../static/js/protocol.js").Mark} Mark */
/** @typedef {import("../../static/js/protocol.js").Status} Status */

/**
 * @param {string} key
 * @param {number} value
 * @param {number} minimum
 * @param {number} maximum
 * @returns {ParameterFacts}
 */
function number(key, value, minimum, maximum, integer = false) {
  const range = { minimum, maximum, integer, scale: /** @type {const} */ ("linear"), live: true };
  return { type: "number", key, label: key, default: value, help: "", ...range };
}

/** As the catalogue gives a run's own numbers. @param {ParameterFacts} facts */
const untyped = ({ type: _, ...facts }) => facts;

/** @param {string} key @param {ParameterFacts[]} parameters */
const unit = (key, ...parameters) => ({ key, label: key, help: "", formula: "", paper: null, parameters });

const POINTS = /** @type {ParameterFacts} */ (
  /** @type {unknown} */ ({ type: "points", key: "points", default: [[0.5, 0.5]], minimum: 0, maximum: 1 })
);
const UNITS = /** @type {ParameterFacts} */ ({
  type: "choice",
  key: "units",
  label: "",
  default: "lab",
  options: ["lab", "published"],
  help: "",
});
const RATE = number("learning_rate", 0.001, 0.0001, 1);

const CATALOG = /** @type {Catalog} */ (
  /** @type {unknown} */ ({
    datasets: [
      unit("ring8", number("std", 0.02, 0.005, 0.5), UNITS),
      unit("ring", UNITS),
      unit("drawing", POINTS, UNITS),
    ],
    latents: [unit("normal", number("dimension", 2, 1, 16, true))],
    activations: [unit("relu"), unit("tanh")],
    losses: [unit("non_saturating"), unit("hinge", number("margin", 1, 0, 2))],
    regularizers: [unit("r1", number("gamma", 0.1, 0, 10)), unit("lecam", number("weight", 0.3, 0, 1))],
    techniques: [
      unit("ema", number("decay", 0.99, 0, 1)),
      { ...unit("pacgan", number("size", 4, 2, 8, true)), restarts: true },
    ],
    optimizers: [unit("sgd", RATE), unit("adam", RATE, number("beta1", 0.5, 0, 0.9999))],
    metrics: [],
    presets: [],
    run: {
      numbers: [untyped(number("seed", 0, 0, 2 ** 32 - 1, true)), untyped(number("g_updates", 1, 0, 10, true))],
      network: [untyped(number("width", 64, 1, 256, true))],
      output: { type: "choice", key: "output", label: "", default: "linear", options: ["linear", "tanh"], help: "" },
      init: { type: "choice", key: "init", label: "", default: "uniform", options: ["uniform", "normal"], help: "" },
      init_gain: number("init_gain", 1, 0.01, 10),
      restarting: ["seed", "data", "latent", "generator", "discriminator"],
      sections: {
        data: "datasets",
        latent: "latents",
        loss: "losses",
        d_optimizer: "optimizers",
        g_optimizer: "optimizers",
      },
      defaults: {
        version: 1,
        seed: 0,
        data: { name: "ring8", std: 0.02, units: "lab" },
        latent: { name: "normal", dimension: 2 },
        generator: { width: 64, activation: "relu" },
        discriminator: { width: 64, activation: "relu" },
        loss: { name: "non_saturating" },
        regularizers: [],
        techniques: [],
        d_optimizer: { name: "adam", learning_rate: 0.001, beta1: 0.5 },
        g_optimizer: { name: "adam", learning_rate: 0.001, beta1: 0.5 },
        g_updates: 1,
      },
    },
  })
);
const DEFAULTS = CATALOG.run.defaults;
const NONE = Object.freeze({ hide: [], lock: [], embed: false });

/** A small generator of random numbers (mulberry32), so that a failure can be repeated. @param {number} seed */
function createRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @template T @param {readonly T[]} some @param {() => number} random @returns {T} */
const pick = (some, random) => /** @type {T} */ (some[Math.floor(random() * some.length)]);

/** @param {ParameterFacts} facts @param {() => number} random */
function drawValue(facts, random) {
  if (random() < 0.4) return structuredClone(facts.default);
  if (facts.type === "choice") return pick(facts.options, random);
  if (facts.type === "points") return Array.from({ length: 1 + Math.floor(9 * random()) }, () => [random(), random()]);
  const value = facts.minimum + random() * (facts.maximum - facts.minimum);
  return facts.integer ? Math.round(value) : value;
}

/**
 * @param {readonly {key: string, parameters: ParameterFacts[]}[]} units
 * @param {() => number} random
 * @returns {UnitConfig}
 */
function drawUnit(units, random) {
  const { key, parameters } = pick(units, random);
  return { name: key, ...Object.fromEntries(parameters.map((facts) => [facts.key, drawValue(facts, random)])) };
}

/** @param {() => number} random @returns {RunConfig} */
function drawConfig(random) {
  const { numbers, network, sections } = CATALOG.run;
  const some = (/** @type {"regularizers" | "techniques"} */ kind) =>
    CATALOG[kind].filter(() => random() < 0.5).map((one) => drawUnit([one], random));
  const net = () => ({
    ...Object.fromEntries(network.map((facts) => [facts.key, drawValue(facts, random)])),
    activation: pick(["relu", "tanh"], random),
  });
  return /** @type {RunConfig} */ (
    /** @type {unknown} */ ({
      version: 1,
      ...Object.fromEntries(numbers.map((facts) => [facts.key, drawValue(facts, random)])),
      ...Object.fromEntries(Object.entries(sections).map(([key, kind]) => [key, drawUnit(CATALOG[kind], random)])),
      generator: { ...net(), ...(random() < 0.5 ? { output: "tanh" } : {}) },
      discriminator: { ...net(), ...(random() < 0.5 ? { init: "normal", init_gain: 0.25 } : {}) },
      regularizers: random() < 0.5 ? some("regularizers") : some("regularizers").reverse(),
      techniques: some("techniques"),
    })
  );
}

/** @param {Partial<Status>} [change] @returns {Status} */
function status(change) {
  return {
    ...{ type: "status", state: "paused", step: 0, d_updates: 0, g_updates: 0, first: 0, head: 0, revision: 1 },
    ...{ steps_per_second: 0, failure: null, phase: null, reason: null, unkept: null },
    ...change,
  };
}

/** @param {number} step @param {Mark["changes"]} changes @param {string} [text] @returns {Mark} */
function mark(step, changes, text = "changed") {
  return { type: "mark", event: 1, step, revision: 1, text, changes };
}

/** @param {Partial<PageState>} [change] */
function page(change) {
  return {
    catalog: CATALOG,
    config: DEFAULTS,
    status: status(),
    marks: [],
    layersOn: new Set(DEFAULT_LAYERS),
    view: null,
    ...change,
  };
}

/** @param {Partial<PageState>} change @param {Parameters<typeof writeLink>[1]} [options] */
function write(change, options = NONE) {
  const written = writeLink(page(change), options);
  assert.ok(written);
  return written;
}

/** @param {Partial<RunConfig>} change @returns {RunConfig} */
const changed = (change) => ({ ...structuredClone(DEFAULTS), ...change });

test("the lab's own settings at step 0 need no words", () => {
  assert.deepEqual(write({}), { fragment: "", notes: [] });
});

test("a link is readable: what differs, by dotted key, in alphabetical order", () => {
  const config = changed({
    seed: 7,
    data: { name: "ring", units: "lab" },
    generator: /** @type {any} */ ({ width: 32, activation: "relu" }),
    regularizers: [{ name: "r1", gamma: 0.5 }],
  });
  const layersOn = /** @type {PageState["layersOn"]} */ (new Set(["real", "generated"]));
  const { fragment } = write({ config, status: status({ step: 300, head: 900 }), layersOn });
  assert.equal(
    fragment,
    "data=ring&generator.width=32&layers=generated,real&regularizers=r1&regularizers.r1.gamma=0.5&seed=7&step=300",
  );
});

test("every run is the same after it was a link", () => {
  const random = createRandom(7);
  for (let i = 0; i < 300; i += 1) {
    const config = drawConfig(random);
    const step = Math.floor(random() * 1000);
    const layersOn = /** @type {PageState["layersOn"]} */ (new Set(DEFAULT_LAYERS.filter(() => random() < 0.5)));
    const { fragment, notes } = write({ config, status: status({ step, head: step }), layersOn });
    const link = readLink(`#${fragment}`, CATALOG);
    assert.deepEqual([link.config, link.step, link.problems, notes], [config, step, [], []]);
    assert.deepEqual(new Set(link.layers ?? DEFAULT_LAYERS), layersOn);
  }
});

test("every change between two runs is the same after it was entries", () => {
  const random = createRandom(8);
  for (let i = 0; i < 300; i += 1) {
    const [before, after] = [drawConfig(random), drawConfig(random)];
    const entries = splitFragment(joinEntries(diffConfigs(before, after, CATALOG)));
    const made = applyEntries(before, entries, CATALOG);
    assert.deepEqual(made.problems, []);
    assert.deepEqual(diffConfigs(after, made.config, CATALOG), []);
    assert.deepEqual(diffConfigs(made.config, after, CATALOG), []);
  }
});

test("changes on the way are in the link with their steps, and what was changed before the first step is not", () => {
  const slow = changed({ g_optimizer: { name: "adam", learning_rate: 0.0003, beta1: 0.5 } });
  const now = { ...slow, loss: { name: "hinge", margin: 2 } };
  const marks = [
    mark(0, { seed: [3, 0] }, "new run"),
    mark(0, { g_updates: [2, 1] }),
    mark(300, { "g_optimizer.learning_rate": [0.001, 0.0003] }),
    mark(400, { "loss.name": ["non_saturating", "hinge"], "loss.margin": [null, 2] }),
    mark(900, { "loss.margin": [2, 1] }),
  ];
  const { fragment, notes } = write({ config: now, status: status({ step: 500, head: 900 }), marks });
  assert.equal(fragment, "at.300=g_optimizer.learning_rate:0.0003&at.400=loss:hinge;loss.margin:2&step=500");
  assert.deepEqual(notes, []);
  const link = readLink(fragment, CATALOG);
  assert.deepEqual(link.config, DEFAULTS);
  assert.deepEqual(link.legs, [
    { step: 300, config: slow },
    { step: 400, config: now },
  ]);
});

test("another optimizer's numbers come back when the change to it is taken back", () => {
  const before = changed({ g_optimizer: { name: "adam", learning_rate: 0.001, beta1: 0.9 } });
  const after = changed({ g_optimizer: { name: "sgd", learning_rate: 0.001 } });
  const marks = [mark(10, { "g_optimizer.name": ["adam", "sgd"], "g_optimizer.beta1": [0.9, null] })];
  assert.deepEqual(traceCourse(after, { first: 0, step: 20 }, marks).base, before);
});

test("two changes at one step stay two, since an optimizer that is replaced forgets", () => {
  const marks = [
    mark(50, { "g_optimizer.name": ["adam", "sgd"], "g_optimizer.beta1": [0.5, null] }),
    mark(50, { "g_optimizer.name": ["sgd", "adam"], "g_optimizer.beta1": [null, 0.5] }),
  ];
  const { fragment } = write({ status: status({ step: 60 }), marks });
  assert.equal(fragment, "at.50=g_optimizer:sgd&at.50=g_optimizer:adam&step=60");
  assert.deepEqual(
    readLink(fragment, CATALOG).legs.map(({ config }) => config.g_optimizer.name),
    ["sgd", "adam"],
  );
});

/** @type {[string, Partial<PageState>, RegExp][]} */
const NOT_WHOLE = [
  ["began at a model", { marks: [mark(0, {}, "model loaded")] }, /it began at a saved model/],
  ["began at a model's step", { status: status({ first: 5, step: 9 }) }, /it began at a saved model/],
  ["has steps of one player", { marks: [mark(3, {}, "generator alone")] }, /one player learned alone/],
  ["was changed often", { marks: Array.from({ length: 13 }, () => mark(5, { seed: [0, 0] })) }, /changed 13 times/],
];
for (const [what, state, words] of NOT_WHOLE) {
  test(`a run that ${what} gives its settings without its step, and says so`, () => {
    const { fragment, notes } = write({ config: changed({ seed: 4 }), status: status({ step: 9 }), ...state });
    assert.equal(fragment, "seed=4");
    assert.match(notes.join(" "), /opens the same settings, not the same run/);
    assert.match(notes.join(" "), words);
  });
}

test("what one player learned alone after the step where the run stands is not missing", () => {
  const { fragment } = write({ status: status({ step: 3, head: 9 }), marks: [mark(3, {}, "generator alone")] });
  assert.equal(fragment, "step=3");
});

test("a drawing that is too long stays out, and the rest is there without its step", () => {
  const points = Array.from({ length: 400 }, (_, i) => [i / 400, 0.123456]);
  const config = changed({ seed: 2, data: { name: "drawing", points, units: "lab" } });
  const { fragment, notes } = write({ config, status: status({ step: 40 }) });
  assert.equal(fragment, "data=drawing&seed=2");
  assert.deepEqual(notes, ["The drawing is too long for a link: save the run as a file."]);
});

test("a run inside a step is told to be at its beginning", () => {
  const { fragment, notes } = write({ status: status({ step: 1200, state: "stepping" }) });
  assert.equal(fragment, "step=1200");
  assert.match(notes[0] ?? "", /opens step 1,200, before the phases after it/);
});

/** @type {[string, RegExp][]} */
const BAD = [
  ["generator.width=9999", /^generator\.width=9999: expected a whole number from 1 to 256$/],
  ["data=ring9", /^data=ring9: expected one of ring8, ring, drawing$/],
  ["nonsense", /^nonsense=: this run has no such setting$/],
  ["loss.margin=1", /^loss\.margin=1: this run has no such setting$/],
  ["regularizers=r1,r1", /^regularizers=r1,r1: expected some of r1, lecam, each once$/],
  ["data=drawing&data.points=0.1,0.2,0.3", /^data\.points=0\.1,0\.2,0\.3: expected points/],
  ["step=-3", /^step=-3: expected a whole number/],
  ["layers=real,unreal", /^layers=unreal: expected some of real/],
  ["view=1,2,3", /^view=1,2,3: expected x0,x1,y0,y1/],
  ["view=1,0,0,1", /^view=1,0,0,1: expected/],
  ["hide=toolbar,everything", /^hide=everything: expected some of toolbar/],
  ["hide=metrics,toolbar,layered", /^hide=metrics,layered: results are always shown$/],
  ["lock=doors", /^lock=doors: expected some of settings, data, seed$/],
  ["embed=yes", /^embed=yes: expected 1 or 0$/],
  ["at.5=loss:hinges", /^at\.5: loss=hinges: expected one of/],
  ["at.90=loss:hinge", /^at\.90=loss:hinge: expected a change up to step 50/],
  ["at.5=seed:3", /^at\.5=seed:3: a change of seed begins a new run$/],
  ["at.5=techniques:ema,pacgan", /^at\.5=techniques:ema,pacgan: a change of techniques\.pacgan begins a new run$/],
  ["preset=none", /^preset=none: expected one of/],
  ["%zz=%", /^%zz=%: this run has no such setting$/],
];
for (const [part, words] of BAD) {
  test(`the link's part ${part} is named, and the rest is taken`, () => {
    const isStep = part.startsWith("step");
    const link = readLink(`#g_updates=2&${part}${isStep ? "" : "&step=50"}`, CATALOG);
    assert.equal(link.problems.length, 1, link.problems.join("; "));
    assert.match(link.problems[0] ?? "", words);
    assert.equal(link.config.g_updates, 2);
    assert.equal(link.step, isStep ? 0 : 50);
  });
}

test("options are written as they are read", () => {
  const { fragment } = write({}, { hide: ["toolbar", "data"], lock: ["seed"], embed: true });
  assert.equal(fragment, "embed=1&hide=data,toolbar&lock=seed");
  assert.deepEqual(readOptions(splitFragment(fragment)), {
    options: { hide: ["data", "toolbar"], lock: ["seed"], embed: true },
    problems: [],
  });
});

test("the view is written with five digits, and reads back", () => {
  const { fragment } = write({ view: [-0.123456789, 1, 2.5, 1e3] });
  assert.equal(fragment, "view=-0.12346,1,2.5,1000");
  assert.deepEqual(readLook(`#${fragment}`), { layers: null, view: [-0.12346, 1, 2.5, 1000] });
});

test("signs that mean something are kept inside a value", () => {
  const entries = /** @type {const} */ ([
    ["a", "x&y=z#%ü"],
    ["b", "1,2:3;4"],
  ]);
  assert.deepEqual(splitFragment(joinEntries(entries)), entries);
  assert.match(joinEntries(entries), /b=1,2:3;4$/);
});

test("a link begins its run anew, unless it is the one that this tab's session wrote", () => {
  assert.equal(beginsAnew("seed=3", null), true);
  assert.equal(beginsAnew("seed=3", "seed=4"), true);
  assert.equal(beginsAnew("seed=3", "seed=3"), false);
  assert.equal(beginsAnew("", "seed=3"), false);
});

test("what is locked stays, what is not locked changes, and a change of locked things alone is refused", async () => {
  const wanted = changed({ seed: 5, data: { name: "ring" }, loss: { name: "hinge" } });
  assert.deepEqual(keepLocked(DEFAULTS, wanted, ["settings"]), { ...wanted, loss: DEFAULTS.loss });
  assert.deepEqual(keepLocked(DEFAULTS, wanted, ["data", "seed"]), changed({ loss: { name: "hinge" } }));
  const change = guardChange(async (edit) => void edit(DEFAULTS), ["seed"]);
  await assert.rejects(change((config) => ({ ...config, seed: 9 })), /^Error: Seed: locked by this link\.$/);
});
