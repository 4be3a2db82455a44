/** The words of a phase: its title, whose turn it is, and what has changed in the picture. */

import { countAhead, isGame, readWords } from "../layers/game.js";
import { formatCount } from "../layers/numbers.js";

/** @typedef {import("./answers.js").PhaseInspection} PhaseInspection */
/** @typedef {import("./answers.js").PhaseName} PhaseName */
/** @typedef {import("./answers.js").Learner} Learner */

/** @type {Readonly<Record<Learner, Readonly<Record<PhaseName, string>>>>} */
const TITLES = {
  discriminator: {
    sample: "Sample: real points and noise are drawn",
    generate: "Generate: noise becomes samples",
    classify: "Classify: every sample gets a score",
    loss: "Loss: its mistakes become one number",
    backward: "Backward: which way for every weight?",
    update: "Update: the discriminator’s weights move",
  },
  generator: {
    sample: "Sample: new noise is drawn",
    generate: "Generate: noise becomes samples again",
    classify: "Classify: the new samples get their scores",
    loss: "Loss: how badly did they fool it?",
    backward: "Backward: the slope comes back through both networks",
    update: "Update: the generator’s weights move",
  },
};

/** What is other where no discriminator takes part: @type {Readonly<Partial<Record<PhaseName, string>>>} */
const ALONE = {
  sample: "Sample: real points and noise are drawn",
  backward: "Backward: the slope comes back through the generator",
};

/** What is other where the generator looks ahead: @type {Readonly<Partial<Record<PhaseName, string>>>} */
const AHEAD = {
  sample: "Sample: new noise and real points are drawn",
  classify: "Classify: a later discriminator gives the scores",
  loss: "Loss: how well would it tell them apart?",
};

/**
 * @param {Pick<PhaseInspection, "player" | "name">} phase
 * @param {import("../layers/game.js").Run} run
 */
export function titlePhase({ player, name }, run) {
  const looksAhead = player === "generator" && countAhead(run) > 0;
  if (isGame(run)) return (looksAhead && AHEAD[name]) || TITLES[player][name];
  const words = readWords(run);
  return (name === "generate" || name === "loss" ? words?.[name] : ALONE[name]) ?? TITLES[player][name];
}

/**
 * Whose turn it is, such as "The discriminator learns, update 1 of 2, step 301".
 *
 * @param {Pick<PhaseInspection, "player" | "update" | "step">} phase
 * @param {number | null} updates how many of them a step has, where that is known
 */
export function describeTurn({ player, update, step }, updates) {
  const turn = updates === null ? `update ${update}` : `update ${update} of ${updates}`;
  return `The ${player} learns, ${turn}, step ${formatCount(step)}`;
}

/**
 * What is other than before in the layered picture: its dots are the same few hundred samples at every step, and no
 * batch of a step, so only new weights change it.
 *
 * @param {Pick<PhaseInspection, "player" | "name">} phase
 */
export function describeChange({ player, name }) {
  if (name !== "update") return "In the layered picture nothing moves yet: no weight has changed.";
  return player === "discriminator"
    ? "In the layered picture the surface is new, and the needles with it: the discriminator judges anew."
    : "In the layered picture the generated samples have moved, and the warp with them.";
}
