/** How a run came to be what it is, told from its marks: the settings that it began with, and each change of them. */

/** @typedef {import("../state.js").Mark} Mark */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../protocol.js").Status} Status */

/** From `step` on, the run has `config`. @typedef {{step: number, config: RunConfig}} Leg */

/**
 * What a run began with, what was changed and when; `missing` says why that does not tell all of it, where it does not.
 *
 * @typedef {{base: RunConfig, legs: Leg[], missing: string | null}} Course
 */

/** More changes than these make no link that one can read, or scan. */
export const MOST_LEGS = 12;
/** The marks of a changed setting, and of a run that did not begin with its seed. */
const CHANGED = "changed";
const MODELS = ["model loaded", "pre-trained model"];
/** The mark of a player that learned without the other. */
const ALONE = / alone$/;

/**
 * The course of the run up to the step where it stands.
 *
 * @param {RunConfig} config The settings there.
 * @param {Pick<Status, "first" | "step">} status
 * @param {readonly Mark[]} marks Those of its branch, in their order.
 * @returns {Course}
 */
export function traceCourse(config, { first, step }, marks) {
  // What is changed before the first step is what the run begins with.
  const changes = marks.filter((mark) => mark.text === CHANGED && mark.step > first && mark.step <= step);
  /** @type {Leg[]} */
  const legs = [];
  let base = config;
  for (const mark of changes.toReversed()) {
    legs.unshift({ step: mark.step, config: base });
    base = undo(base, mark.changes);
  }
  return { base, legs, missing: findMissing(legs, { first, step }, marks) };
}

/**
 * @param {RunConfig} config
 * @param {Mark["changes"]} changes
 */
function undo(config, changes) {
  /** @type {any} */
  const made = structuredClone(config);
  for (const [path, [before]] of Object.entries(changes)) {
    const [section = "", key] = path.split(".");
    if (key === undefined) made[section] = before;
    else if (before === null) delete made[section][key];
    else made[section][key] = before;
  }
  return /** @type {RunConfig} */ (made);
}

/**
 * Why the settings and their changes do not tell the whole run, or null where they do.
 *
 * @param {readonly Leg[]} legs
 * @param {Pick<Status, "first" | "step">} status
 * @param {readonly Mark[]} marks
 */
function findMissing(legs, { first, step }, marks) {
  if (first > 0 || marks.some(({ text }) => MODELS.includes(text))) return "it began at a saved model";
  if (marks.some((mark) => ALONE.test(mark.text) && mark.step < step)) return "one player learned alone in it";
  if (legs.length > MOST_LEGS) return `its settings were changed ${legs.length} times`;
  return null;
}
