/** Whether a run is a game of two: with some losses no discriminator takes part, and nothing of it is shown. */

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {Readonly<Partial<Pick<PageState, "catalog" | "config">>>} Run */

/** The nodes of the overview that are the discriminator's, or that show what it says. */
export const OF_DISCRIMINATOR = Object.freeze([
  "discriminator",
  "predictions-real",
  "predictions-generated",
  "d-loss",
  "d-gradients",
]);

/**
 * @param {Run} run
 * @returns {boolean} also while the run is not known yet
 */
export function isGame(run) {
  return findLoss(run)?.is_game !== false;
}

/**
 * Say why the discriminator has nothing to show; nothing where it plays.
 * @param {Run} run
 * @returns {string}
 */
export function explainNoPart(run) {
  return isGame(run) ? "" : `The discriminator takes no part. ${readWords(run)?.part ?? ""}`.trim();
}

/**
 * The words for what is other than in a game; none where it is one.
 * @param {Run} run
 */
export function readWords(run) {
  return findLoss(run)?.words;
}

/**
 * Whether the loss prices the samples that are drawn; else the generator learns by other answers, and none is pulled.
 * @param {Run} run
 */
export function pricesSamples(run) {
  return findLoss(run)?.makes_points !== false;
}

/**
 * Whether each real point has a code of its own, which the generator learns to make the point of.
 * @param {Run} run
 */
export function hasCodes(run) {
  return Boolean(findLoss(run)?.has_codes);
}

/**
 * Whether training draws no noise: it sends real samples through the generator backwards, and asks which they are of.
 * @param {Run} run
 */
export function goesBackwards(run) {
  const loss = findLoss(run);
  return Boolean(loss?.moves_noise) && loss?.reads_noise === false;
}

/**
 * How many steps of the discriminator the generator looks ahead; none where it answers to the one of now.
 * @param {Run} run
 */
export function countAhead({ catalog, config }) {
  for (const { key, foresees } of catalog?.techniques ?? []) {
    const on = config?.techniques.find(({ name }) => name === key);
    if (on && foresees) return Number(on[foresees]);
  }
  return 0;
}

/**
 * Whether an encoder is trained, so that the discriminator judges pairs of a point and its noise.
 * @param {Run} run
 */
export function hasEncoder({ catalog, config }) {
  const on = config?.techniques?.map(({ name }) => name) ?? [];
  return catalog?.techniques?.some(({ key, encodes }) => encodes && on.includes(key)) ?? false;
}

/** @param {Run} run */
export function findLoss({ catalog, config }) {
  return catalog?.losses.find(({ key }) => key === config?.loss.name);
}
