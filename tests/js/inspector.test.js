import assert from "node:assert/strict";
import { test } from "node:test";

import {
  describeHistogram,
  describeValues,
  formatRange,
  formatShape,
  formatVector,
  joinNorms,
  traceHistogram,
  traceStrip,
} from "../../static/js/inspector/figures.js";
import { describeChange, describeTurn, titlePhase } from "../../static/js/inspector/phase_words.js";
import { createQuestions } from "../../static/js/inspector/questions.js";
import { explainSilence, findAddress, findNeighbour, isOutdated, listCauses, NODES } from "../../static/js/inspector/subjects.js";
import { chooseGain, describeChosen, drawChosen, findNearest } from "../../static/js/layers/chosen.js";
import { formatNumber } from "../../static/js/layers/numbers.js";
import { createScoreScale } from "../../static/js/layers/score.js";
import { buildState } from "../../static/js/state.js";

const PLAYERS = /** @type {const} */ (["discriminator", "generator"]);
const PHASES = /** @type {const} */ (["sample", "generate", "classify", "loss", "backward", "update"]);
const LOOK = /** @type {const} */ ({ theme: "light", contrast: "normal", mode: "desk", palette: "default" });

/** @param {Partial<import("../../static/js/state.js").PageState>} change */
function state(change) {
  return { ...buildState(LOOK), ...change };
}

/** @param {Partial<import("../../static/js/protocol.js").Status>} change */
function status(change) {
  return /** @type {import("../../static/js/protocol.js").Status} */ ({ state: "paused", step: 3, phase: null, ...change });
}

/** @param {import("../../static/js/state.js").Chosen | null} chosen */
function scene(chosen) {
  const arrays = {
    x_fake: { shape: [2, 2], data: Float32Array.of(0, 0, 1, -1) },
    gradients: { shape: [2, 2], data: Float32Array.of(0, 0, 0.5, 0.25) },
  };
  return { arrays, dimension: 2, box: /** @type {const} */ ([-3, 3, -3, 3]), score: createScoreScale({ kind: "probability" }, []), chosen };
}

test("small and large numbers are written with powers of ten, as by hand", () => {
  assert.deepEqual([-4.46e-6, 2.5e9, 0.0001, 999].map(formatNumber), ["−4.46 × 10⁻⁶", "2.5 × 10⁹", "0.0001", "999"]);
});

test("shapes, ranges and vectors are written as a student reads them", () => {
  assert.deepEqual([[128, 2], [4417], []].map(formatShape), ["128 × 2", "4,417", "one number"]);
  assert.deepEqual([formatRange(-1.25, 3), formatRange(2, 2), formatRange(null, 1)], ["−1.25 to 3", "2", "–"]);
  assert.deepEqual([formatVector([0.5, -1.25]), formatVector([2])], ["(0.5, −1.25)", "2"]);
  assert.equal(describeValues([1, null, -2]), "3 numbers, −2 to 1");
  assert.equal(describeValues([null]), "1 number");
});

test("weights and biases together are as long as the root of both squares", () => {
  assert.equal(joinNorms(3, 4), 5);
  assert.equal(joinNorms(null, 4), null);
  assert.equal(joinNorms(3, undefined), null);
});

test("the fullest bar of a histogram fills its height, and an empty one has none", () => {
  assert.equal(traceHistogram([1, 0, 4], 30, 8), "M0 8L0 6H10L10 8H20L20 0H30V8Z");
  assert.equal(traceHistogram([0, 0], 10, 8), "M0 8L0 8H5L5 8H10V8Z");
  const words = describeHistogram({ edges: [0, 1, 2, 3], counts: [1, 5, 2] });
  assert.equal(words, "Of 8 numbers most, 5, lie between 1 and 2.");
});

test("the bars of a strip go up and down from its middle; what is no number has none", () => {
  assert.equal(traceStrip([2, -1, null]), "M0.1 1V0H0.9V1ZM1.1 1V1.5H1.9V1ZM2.1 1V1H2.9V1Z");
  assert.equal(traceStrip([0]), "M0.1 1V1H0.9V1Z");
});

test("each of the twelve phases has a title of its own, and says whose turn it is", () => {
  const titles = PLAYERS.flatMap((player) => PHASES.map((name) => titlePhase({ player, name }, {})));
  assert.equal(new Set(titles).size, 12);
  assert.equal(describeTurn({ player: "generator", update: 2, step: 1301 }, 3), "The generator learns, update 2 of 3, step 1,301");
});

test("only new weights change the picture", () => {
  const changes = PLAYERS.map((player) => PHASES.map((name) => describeChange({ player, name })));
  for (const ofPlayer of changes) assert.equal(new Set(ofPlayer.slice(0, 5)).size, 1);
  assert.match(changes[0]?.at(-1) ?? "", /surface is new/);
  assert.match(changes[1]?.at(-1) ?? "", /samples have moved/);
});

test("every node of the graph can be inspected, in the order of the flow", () => {
  assert.equal(NODES.length, 12);
  assert.deepEqual([NODES[0]?.key, NODES.at(-1)?.key], ["noise", "g-gradients"]);
  assert.equal(findAddress("k", { kind: "node", node: "d-loss" }), "/api/sessions/k/inspection?node=d-loss");
  assert.equal(findAddress("k", { kind: "sample", index: 7 }), "/api/sessions/k/inspection?sample=7");
  assert.equal(findAddress("k", { kind: "phase" }), "/api/sessions/k/inspection");
});

test("a phase that is past does not depend on the settings of now; what is looked at now does", () => {
  const other = /** @type {import("../../static/js/state.js").RunConfig} */ ({});
  const phase = /** @type {const} */ ({ kind: "phase" });
  const node = /** @type {const} */ ({ kind: "node", node: "noise" });
  assert.deepEqual(listCauses(state({ inspected: phase })), listCauses(state({ inspected: phase, config: other })));
  assert.notDeepEqual(listCauses(state({ inspected: node })), listCauses(state({ inspected: node, config: other })));
});

test("between two steps there is no phase to tell of, and the words say what to do", () => {
  const phase = /** @type {const} */ ({ kind: "phase" });
  assert.match(explainSilence(state({ inspected: phase, status: status({}) })), /between two steps.*Next phase/);
  assert.match(explainSilence(state({ inspected: phase, status: status({ state: "running" }) })), /Next phase/);
  assert.equal(explainSilence(state({ inspected: { kind: "sample", index: 0 }, status: status({}) })), "");
});

test("a run that broke has no next phase to walk into, and one that the lab gave up none to go back to", () => {
  const explain = (/** @type {string} */ player) => {
    const failure = { step: 7, player, quantity: player && "loss", message: "why" };
    return explainSilence(state({ inspected: { kind: "phase" }, status: status({ state: "failed", failure }) }));
  };
  assert.match(explain("generator"), /broke/);
  assert.doesNotMatch(explain("generator"), /Next phase/);
  assert.match(explain(""), /the lab could not go on .* Reset/i);
});

test("an answer about what is over is not told; while the run trains, one that is some steps late is", () => {
  const node = /** @type {const} */ ({ kind: "node", node: "noise" });
  const phase = /** @type {const} */ ({ kind: "phase" });
  const [at3, at4] = [3, 4].map((step) => ({ inspected: node, status: status({ step }) }));
  assert.equal(isOutdated(state({ ...at3 }), state({ ...at3 })), false);
  assert.equal(isOutdated(state({ ...at3 }), state({ ...at4 })), true);
  const training = { ...at4, status: status({ step: 4, state: "running" }) };
  assert.equal(isOutdated(state({ ...at3 }), state(training)), false);
  assert.equal(isOutdated(state({ ...at3 }), state({ ...training, revision: 1 })), true);
  assert.equal(isOutdated(state({ ...at3, inspected: phase }), state({ ...training, inspected: phase })), true);
});

test("an answer to a question that was dropped meanwhile is not told", async () => {
  /** @type {string[]} */
  const told = [];
  const questions = createQuestions(
    async (/** @type {string} */ question) => question,
    (question) => told.push(question),
    { signal: new AbortController().signal },
  );
  questions.ask("one", { isPatient: false });
  questions.drop();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, []);
});

test("after the last sample comes the first, and before the first the last", () => {
  assert.deepEqual([findNeighbour(0, 1, 3), findNeighbour(2, 1, 3), findNeighbour(0, -1, 3), findNeighbour(0, 1, 0)], [1, 0, 2, 0]);
});

test("the nearest sample within reach is found, and none where all are further away", () => {
  const points = Float32Array.of(0, 0, 1, 1, 5, 5, Number.NaN, 0);
  const tenfold = { toX: (/** @type {number} */ x) => 10 * x, toY: (/** @type {number} */ y) => 100 - 10 * y };
  assert.equal(findNearest(points, tenfold, [7, 92], 12), 1);
  assert.equal(findNearest(points, tenfold, [3, 99], 12), 0);
  assert.equal(findNearest(points, tenfold, [30, 70], 12), null);
});

test("an arrow too short to be seen is drawn longer by a round number, which is said", () => {
  const move = /** @type {const} */ ([0.03, 0.04]);
  assert.equal(chooseGain(scene({ index: 1, move })), 10);
  assert.equal(chooseGain(scene({ index: 1, move: [3, 0] })), 1);
  assert.equal(chooseGain(scene({ index: 1, move: [0, 0] })), 0);
  assert.match(describeChosen(scene({ index: 1, move })), /sample 2; .*drawn 10 times as long/);
  assert.equal(describeChosen(scene({ index: 1, move: null })), "The ring is sample 2.");
  assert.equal(describeChosen(scene(null)), "");
  assert.equal(describeChosen(scene({ index: 200, move })), "", "the picture leaves it out");
});

test("a chosen sample has its needle, its arrow and a ring; one that is not there has none", () => {
  const marks = drawChosen(scene({ index: 1, move: [0.03, 0.04] }));
  assert.deepEqual(marks.map(({ kind }) => kind), ["needles", "needles", "arrow", "points"]);
  const arrow = marks.find((mark) => mark.kind === "arrow");
  assert.deepEqual([arrow?.from, arrow?.to.map((value) => Number(value.toFixed(6)))], [[1, -1], [1.3, -0.6]]);
  assert.deepEqual(drawChosen(scene(null)), []);
  assert.deepEqual(drawChosen(scene({ index: 2, move: null })), []);
});

test("one question is on its way at a time, and of those that wait only the newest is asked", async () => {
  /** @type {{question: string, answer: (words: string) => void}[]} */
  const asked = [];
  /** @type {string[]} */
  const told = [];
  const questions = createQuestions(
    (/** @type {string} */ question) => new Promise((/** @type {(words: string) => void} */ answer) => asked.push({ question, answer })),
    (question, answer) => told.push(`${question}: ${answer}`),
    { signal: new AbortController().signal },
  );
  for (const question of ["one", "two", "three"]) questions.ask(question, { isPatient: false });
  assert.deepEqual(asked.map(({ question }) => question), ["one"]);
  asked[0]?.answer("late");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked.map(({ question }) => question), ["one", "three"]);
  asked[1]?.answer("now");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ["three: now"]);
});

test("a patient question waits for the one before to be half a second old; a hurried one does not", async () => {
  /** @type {string[]} */
  const asked = [];
  const ending = new AbortController();
  const ask = async (/** @type {string} */ question) => void asked.push(question);
  const questions = createQuestions(ask, () => {}, { signal: ending.signal });
  for (const question of ["first", "second", "third"]) {
    questions.ask(question, { isPatient: true });
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(asked, ["first"]);
  questions.ask("hurried", { isPatient: false });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, ["first", "hurried"]);
  ending.abort();
});
