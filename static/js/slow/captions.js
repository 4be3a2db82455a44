/** What happens in each phase of a step: its caption, its numbers in words, and the parts of the graph that act. */

import { countAhead, goesBackwards, hasEncoder, isGame, pricesSamples, readWords } from "../layers/game.js";
import { formatCount, formatFixed } from "../layers/numbers.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../protocol.js").StepPhase} StepPhase */
/** @typedef {StepPhase["player"]} Learner */

/**
 * @typedef {object} Caption
 * @property {readonly StepPhase["name"][]} phases
 * @property {string} text
 * @property {readonly string[]} nodes The nodes of the overview that act.
 * @property {readonly string[]} edges The arrows that something passes along, as `from to`.
 */

/** @type {Readonly<Record<Learner, readonly Caption[]>>} */
export const CAPTIONS = {
  discriminator: [
    {
      phases: ["sample", "generate"],
      text: "Noise and real samples are drawn. The generator turns the noise into samples of its own.",
      nodes: ["noise", "generator", "generated", "real"],
      edges: ["noise generator", "generator generated"],
    },
    {
      phases: ["classify"],
      text: "The discriminator scores both, the real samples and the generated ones.",
      nodes: ["real", "generated", "discriminator", "predictions-real", "predictions-generated"],
      edges: [
        "real discriminator",
        "generated discriminator",
        "discriminator predictions-real",
        "discriminator predictions-generated",
      ],
    },
    {
      phases: ["loss"],
      text: "All its mistakes are counted together: the discriminator’s loss.",
      nodes: ["d-loss"],
      edges: ["predictions-real d-loss", "predictions-generated d-loss"],
    },
    {
      phases: ["backward"],
      text: "For each of its weights: which change would make the loss smaller?",
      nodes: ["d-gradients"],
      edges: ["d-loss d-gradients"],
    },
    {
      phases: ["update"],
      text: "The discriminator’s weights change, a little, that way.",
      nodes: ["discriminator"],
      edges: ["d-gradients discriminator"],
    },
  ],
  generator: [
    {
      phases: ["sample", "generate"],
      text: "Noise is drawn again. The generator turns it into new samples.",
      nodes: ["noise", "generator", "generated"],
      edges: ["noise generator", "generator generated"],
    },
    {
      phases: ["classify"],
      text: "The discriminator scores the generated samples only; it learns nothing now.",
      nodes: ["generated", "discriminator", "predictions-generated"],
      edges: ["generated discriminator", "discriminator predictions-generated"],
    },
    {
      phases: ["loss"],
      text: "How badly did they fool it? The answer is counted as the generator’s loss.",
      nodes: ["g-loss"],
      edges: ["predictions-generated g-loss"],
    },
    {
      phases: ["backward"],
      text: "For each weight of the generator: which change would fool it better?",
      nodes: ["g-gradients"],
      edges: ["g-loss g-gradients"],
    },
    {
      phases: ["update"],
      text: "The generator’s weights change, a little, that way.",
      nodes: ["generator"],
      edges: ["g-gradients generator"],
    },
  ],
};

/**
 * The generator's, where no discriminator takes part: nobody is fooled, and nothing is scored.
 * @param {import("../layers/game.js").Run} run
 * @returns {readonly Caption[]}
 */
function listAlone(run) {
  const words = readWords(run);
  const [made, edges] = pricesSamples(run) ? ["generated", ["generator generated"]] : ["generator", []];
  const isBack = goesBackwards(run);
  return [
    {
      phases: ["sample", "generate"],
      text: words?.draw ?? "",
      nodes: [...new Set([...(isBack ? [] : ["noise"]), "generator", made, "real"])],
      edges: isBack ? ["real generator"] : ["noise generator", ...edges],
    },
    {
      phases: ["loss"],
      text: words?.count ?? "",
      nodes: [...(isBack ? [] : ["real"]), made, "g-loss"],
      edges: [...(isBack ? [] : ["real g-loss"]), `${made} g-loss`],
    },
    { ...CAPTIONS.generator[3], text: "For each weight of the generator: which change would make the loss smaller?" },
    CAPTIONS.generator[4],
  ];
}

/**
 * The generator's, where it looks ahead: who scores is the discriminator of so many steps later.
 * @param {number} steps
 * @returns {readonly Caption[]}
 */
function listAhead(steps) {
  const [made, , counted, pulled, moved] = CAPTIONS.generator;
  const ahead = steps === 1 ? "1 step" : `${formatCount(steps)} steps`;
  const scores = `The generator looks ${ahead} ahead: the discriminator as it would be then scores both, and is put back.`;
  return [
    { ...made, text: "Noise and real samples are drawn again. The generator turns the noise into new samples." },
    { ...CAPTIONS.discriminator[1], text: scores },
    { ...counted, text: "How well would it tell them apart? Minus the loss that it would have is the generator’s loss." },
    { ...pulled, text: "For each weight of the generator: which change would that discriminator, and its way there, do worse by?" },
    moved,
  ];
}

/**
 * A player's, where an encoder is trained: the discriminator judges pairs, and the encoder learns with the generator.
 * @param {Learner} player
 * @returns {readonly Caption[]}
 */
function listPaired(player) {
  const [made, , counted, pulled, moved] = CAPTIONS[player];
  const [drawn, scored] = CAPTIONS.discriminator;
  const both = [
    {
      ...drawn,
      text: "Noise and real samples are drawn. The generator turns the noise into samples, the encoder the real samples into noise.",
      nodes: [...drawn.nodes, "encoder"],
      edges: [...made.edges, "real encoder"],
    },
    {
      ...scored,
      text: "The discriminator scores every sample together with its noise: the encoder’s answer, or what it is made of.",
      nodes: [...scored.nodes, "encoder", "noise"],
      edges: [...scored.edges, "encoder discriminator"],
    },
  ];
  if (player === "discriminator") return [...both, counted, pulled, moved];
  return [
    ...both,
    { ...counted, text: "How badly did both fool it, the generator and the encoder? The answer is counted as the generator’s loss." },
    { ...pulled, text: "For each weight of the two: which change would fool it better?" },
    { ...moved, text: "The generator’s weights change, a little, that way, and the encoder’s too.", nodes: [...moved.nodes, "encoder"] },
  ];
}

/**
 * The captions of a player; without a discriminator that takes part it has none, and the generator has its own.
 *
 * @param {Learner} player
 * @param {import("../layers/game.js").Run} run
 * @returns {readonly Caption[]}
 */
export function listCaptions(player, run) {
  if (hasEncoder(run)) return listPaired(player);
  const ahead = player === "generator" ? countAhead(run) : 0;
  if (isGame(run)) return ahead ? listAhead(ahead) : CAPTIONS[player];
  return player === "generator" ? listAlone(run) : [];
}

/**
 * The phase that is shown: the one the run has just passed, while the page is in slow motion. Derived from the state
 * each time, so nothing stays lit when slow motion is left or the run goes on.
 *
 * @param {Pick<PageState, "slow" | "status">} state
 * @returns {StepPhase | null}
 */
export function findPhase({ slow, status }) {
  return (slow && status?.phase) || null;
}

/**
 * @param {Pick<StepPhase, "name">} phase
 * @param {readonly Caption[]} captions its player's
 * @returns {number} the place of its caption among them, from 0
 */
export function findCaption({ name }, captions) {
  return captions.findIndex(({ phases }) => phases.includes(name));
}

/**
 * The parts of the graph that act in a phase; a loss that compares pairs has real samples scored for the generator too.
 *
 * @param {StepPhase} phase
 * @param {import("../layers/game.js").Run} run
 * @returns {{nodes: readonly string[], edges: readonly string[]}} none between two runs, when the phase is of another
 */
export function listActing(phase, run) {
  const captions = listCaptions(phase.player, run);
  const { nodes, edges } = captions[findCaption(phase, captions)] ?? { nodes: [], edges: [] };
  const pairs = phase.player === "generator" && phase.name === "classify" && "real_score" in phase.numbers;
  return pairs ? listCaptions("discriminator", run)[1] : { nodes, edges };
}

/** @type {Readonly<Record<string, (value: number) => string>>} */
const WORDS = {
  real_samples: (count) => `${formatCount(count)} real`,
  noise_samples: (count) => `${formatCount(count)} of noise`,
  generated_samples: (count) => `${formatCount(count)} generated`,
  d_loss: (loss) => `loss ${formatFixed(loss, 4)}`,
  g_loss: (loss) => `loss ${formatFixed(loss, 4)}`,
  gradient_norm: (norm) => `gradient’s length ${norm.toPrecision(3)}`,
  change_norm: (norm) => `change’s length ${norm.toPrecision(3)}`,
};
const SORTS = { real: "real", fake: "generated" };

/**
 * The numbers of a phase in words, such as "loss 0.6931".
 *
 * @param {Pick<StepPhase, "numbers">} phase
 * @returns {string}
 */
export function describeNumbers({ numbers }) {
  const parts = Object.entries(WORDS).flatMap(([key, write]) => {
    const value = numbers[key];
    return value === undefined || value === null ? [] : [write(value)];
  });
  for (const [sort, word] of Object.entries(SORTS)) {
    const probability = numbers[`${sort}_probability`];
    const score = probability ?? numbers[`${sort}_score`];
    if (score === undefined || score === null) continue;
    const shown = probability === undefined ? formatFixed(score, 3) : `${(100 * score).toFixed(1)} % real`;
    parts.push(`${word} samples scored ${shown}`);
  }
  return parts.join(", ");
}
