import assert from "node:assert/strict";
import { test } from "node:test";

import { describePace, requestPlay } from "../../static/js/controls/pace.js";
import { EDGES } from "../../static/js/graph/edges.js";
import { LOSS_NODES, PICTURE_NODES } from "../../static/js/graph/nodes.js";
import { titlePhase } from "../../static/js/inspector/phase_words.js";
import { CAPTIONS, describeNumbers, findCaption, findPhase, listActing, listCaptions } from "../../static/js/slow/captions.js";

/** @typedef {import("../../static/js/protocol.js").StepPhase} StepPhase */
/** @typedef {import("../../static/js/protocol.js").Status} Status */

/**
 * @param {boolean} makesPoints
 * @param {object} [facts]
 * @returns {any} a run whose loss compares samples, or other answers of the generator
 */
function runAlone(makesPoints, facts = {}) {
  const words = { draw: "Noise is drawn.", count: "How near?" };
  return { catalog: { losses: [{ key: "mmd", is_game: false, makes_points: makesPoints, words, ...facts }] }, config: { loss: { name: "mmd" } } };
}

const ALONE = runAlone(true);
const ANSWERS = runAlone(false);
const BACKWARDS = runAlone(false, { moves_noise: true, reads_noise: false });
/** @type {any} a run that trains an encoder */
const PAIRED = {
  catalog: { losses: [{ key: "hinge", is_game: true }], techniques: [{ key: "bigan", encodes: true }] },
  config: { loss: { name: "hinge" }, techniques: [{ name: "bigan" }] },
};
/** @type {StepPhase["name"][]} */
const NAMES = ["sample", "generate", "classify", "loss", "backward", "update"];

/** @param {StepPhase["player"]} player @param {StepPhase["name"]} name @param {StepPhase["numbers"]} numbers @returns {StepPhase} */
function phase(player, name, numbers = {}) {
  return { step: 1, number: 1, count: 12, player, update: 1, updates: 1, name, numbers, d_loss: null, g_loss: null };
}

const PACE = { rate: null, phaseSeconds: 1.25, until: null, below: null };

test("P49 and P50: ten captions, five a player, and the phases go through them in order", () => {
  for (const player of /** @type {const} */ (["discriminator", "generator"])) {
    assert.equal(CAPTIONS[player].length, 5);
    assert.deepEqual(
      NAMES.map((name) => findCaption(phase(player, name), CAPTIONS[player])),
      [0, 0, 1, 2, 3, 4],
    );
  }
});

test("P50: what a caption lights are nodes and arrows of the graph", () => {
  const nodes = [...PICTURE_NODES, ...LOSS_NODES].map(({ key }) => /** @type {string} */ (key));
  const edges = EDGES.map(({ from, to }) => `${from} ${to}`);
  const others = [ALONE, ANSWERS, BACKWARDS, PAIRED].flatMap((run) => listCaptions("generator", run));
  for (const caption of [...Object.values(CAPTIONS).flat(), ...listCaptions("discriminator", PAIRED), ...others]) {
    assert.deepEqual(caption.nodes.filter((key) => !nodes.includes(key)), []);
    assert.deepEqual(caption.edges.filter((name) => !edges.includes(name)), []);
  }
});

test("P51: the generator's turn uses generated samples only, unless its loss compares pairs", () => {
  assert.equal(listActing(phase("discriminator", "classify"), {}).nodes.includes("real"), true);
  assert.equal(listActing(phase("generator", "classify", { fake_score: 1 }), {}).nodes.includes("real"), false);
  assert.equal(listActing(phase("generator", "classify", { fake_score: 1, real_score: 1 }), {}).nodes.includes("real"), true);
});

test("without a discriminator only the generator has captions, and its phases go through them in order", () => {
  const captions = listCaptions("generator", ALONE);
  const names = NAMES.filter((name) => name !== "classify");
  assert.deepEqual(names.map((name) => findCaption({ name }, captions)), [0, 0, 1, 2, 3]);
  assert.deepEqual(listCaptions("discriminator", ALONE), []);
  assert.equal(captions.some(({ text }) => /discriminator|fool/i.test(text)), false);
  assert.equal(listActing(phase("generator", "loss"), ALONE).edges.includes("real g-loss"), true);
  assert.equal(listActing(phase("generator", "loss"), ANSWERS).edges.includes("generator g-loss"), true);
  assert.equal(listActing(phase("generator", "sample"), ANSWERS).nodes.includes("generated"), false);
  assert.deepEqual(listActing(phase("discriminator", "loss"), ALONE), { nodes: [], edges: [] });
});

test("where real samples go through the generator backwards, they do so in slow motion, and no noise does", () => {
  const { nodes, edges } = listActing(phase("generator", "generate"), BACKWARDS);
  assert.deepEqual(edges, ["real generator"]);
  assert.equal(nodes.includes("noise"), false);
  assert.deepEqual(listActing(phase("generator", "loss"), BACKWARDS).edges, ["generator g-loss"]);
  assert.deepEqual(listActing(phase("generator", "generate"), ANSWERS).edges, ["noise generator"]);
});

test("a generator that looks ahead is judged by the discriminator of so many steps later, which is put back", () => {
  const run = (/** @type {number} */ k) =>
    /** @type {any} */ ({
      catalog: { losses: [{ key: "minimax", is_game: true }], techniques: [{ key: "unrolled", foresees: "k" }] },
      config: { loss: { name: "minimax" }, techniques: [{ name: "unrolled", k }] },
    });
  const captions = listCaptions("generator", run(5));
  assert.match(captions[1]?.text ?? "", /looks 5 steps ahead: the discriminator as it would be then/);
  assert.match(listCaptions("generator", run(1))[1]?.text ?? "", /looks 1 step ahead/);
  assert.deepEqual(NAMES.map((name) => findCaption({ name }, captions)), [0, 0, 1, 2, 3, 4]);
  assert.equal(listActing(phase("generator", "classify"), run(5)).nodes.includes("real"), true);
  assert.equal(listCaptions("generator", run(0)), CAPTIONS.generator);
  assert.equal(listCaptions("discriminator", run(5)), CAPTIONS.discriminator);
  assert.match(titlePhase({ player: "generator", name: "classify" }, run(5)), /later discriminator/);
  assert.equal(titlePhase({ player: "generator", name: "classify" }, run(0)), titlePhase({ player: "generator", name: "classify" }, {}));
});

test("where an encoder is trained pairs are judged in both turns, and it learns with the generator", () => {
  for (const player of /** @type {const} */ (["discriminator", "generator"])) {
    const captions = listCaptions(player, PAIRED);
    assert.deepEqual(NAMES.map((name) => findCaption({ name }, captions)), [0, 0, 1, 2, 3, 4]);
    assert.match(captions[1]?.text ?? "", /every sample together with its noise/);
    assert.ok(captions[1]?.edges.includes("encoder discriminator"));
    assert.equal(captions[4]?.nodes.includes("encoder"), player === "generator");
  }
  const scores = { fake_score: 1, real_score: 1 };
  assert.ok(listActing(phase("generator", "classify", scores), PAIRED).edges.includes("encoder discriminator"));
  assert.equal(listCaptions("generator", { ...PAIRED, config: { ...PAIRED.config, techniques: [] } }), CAPTIONS.generator);
});

test("F20: a phase is shown in slow motion only, and only while the run is there", () => {
  const status = /** @type {Status} */ ({ phase: phase("generator", "loss") });
  assert.equal(findPhase({ slow: true, status })?.name, "loss");
  assert.equal(findPhase({ slow: false, status }), null);
  assert.equal(findPhase({ slow: true, status: { ...status, phase: null } }), null);
});

test("F13: a phase's numbers are said in words, and one that is not finite is left out", () => {
  assert.equal(describeNumbers(phase("discriminator", "loss", { d_loss: 0.69314 })), "loss 0.6931");
  assert.equal(describeNumbers(phase("discriminator", "loss", { d_loss: null })), "");
  const scores = { real_score: 2, fake_score: 0, real_probability: 0.875, fake_probability: 0.5 };
  assert.equal(
    describeNumbers(phase("discriminator", "classify", scores)),
    "real samples scored 87.5 % real, generated samples scored 50.0 % real",
  );
  assert.equal(describeNumbers(phase("generator", "classify", { fake_score: -0.5 })), "generated samples scored −0.500");
});

test("P20 and F23: Play carries the pace and the limits, and slow motion its own pace", () => {
  assert.deepEqual(requestPlay({ slow: false, pace: { ...PACE, rate: 20, until: 500, below: 0.1 } }), {
    type: "play",
    rate: 20,
    phases_per_second: null,
    until: 500,
    stop: { metric: "grid_js", below: 0.1 },
  });
  const slow = requestPlay({ slow: true, pace: { ...PACE, rate: 20 } });
  assert.deepEqual([slow.rate, slow.phases_per_second, slow.stop], [null, 0.8, null]);
});

test("F23: limits that are set can be read without opening the fields", () => {
  assert.equal(describePace(PACE), "");
  assert.equal(describePace({ ...PACE, rate: 5, until: 1000, below: 0.05 }), "5 steps/s, to step 1,000, JS under 0.05");
});
