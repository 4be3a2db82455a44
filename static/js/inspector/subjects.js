/** What the inspector can look at: the phase just passed, a node of the graph, or a generated sample. */

import { LOSS_NODES, PICTURE_NODES } from "../graph/nodes.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").Subject} Subject */

/** The graph's nodes, in the order in which data flow through them. */
const ORDER = [
  "noise",
  "generator",
  "real",
  "generated",
  "encoder",
  "discriminator",
  "predictions-real",
  "predictions-generated",
  "d-loss",
  "g-loss",
  "d-gradients",
  "g-gradients",
];
export const NODES = [...PICTURE_NODES, ...LOSS_NODES].sort((a, b) => ORDER.indexOf(a.key) - ORDER.indexOf(b.key));

/**
 * Where the server tells of a subject.
 *
 * @param {string} session
 * @param {Subject} subject
 */
export function findAddress(session, subject) {
  const address = `/api/sessions/${session}/inspection`;
  if (subject.kind === "node") return `${address}?node=${subject.node}`;
  return subject.kind === "sample" ? `${address}?sample=${subject.index}` : address;
}

/**
 * What an answer about a subject depends on: while all of it stays the same, so does the answer.
 *
 * @param {Readonly<PageState>} state
 * @returns {readonly unknown[]}
 */
export function listCauses(state) {
  const { status } = state;
  return [...listLastingCauses(state), status?.step, status?.phase?.number];
}

/**
 * Those that stay the same while the run goes from step to step.
 *
 * @param {Readonly<PageState>} state
 * @returns {readonly unknown[]}
 */
function listLastingCauses({ inspected, session, revision, config }) {
  // A phase that is past is told as it was; what is looked at now is told with the settings of now.
  return inspected?.kind === "phase" ? [inspected, session, revision] : [inspected, session, revision, config];
}

/**
 * Whether an answer tells of something that is over: while the run trains it is always some steps late, but a phase
 * that is over, another branch's node and another sample are not what the reader looks at.
 *
 * @param {Readonly<PageState>} asked when the question was asked
 * @param {Readonly<PageState>} now
 */
export function isOutdated(asked, now) {
  const trains = now.status?.state === "running" && now.inspected?.kind !== "phase";
  const [before, after] = [asked, now].map(trains ? listLastingCauses : listCauses);
  return before?.some((cause, i) => !Object.is(cause, after?.[i])) ?? true;
}

/**
 * Why there is nothing to tell of a subject now; empty where there is.
 *
 * @param {Readonly<PageState>} state
 */
export function explainSilence({ inspected, status }) {
  if (inspected?.kind !== "phase" || status?.phase) return "";
  if (status?.state === "failed")
    return status.failure?.player
      ? "The run broke: no step follows. Go back to before it did, to look inside a step."
      : "The lab could not go on with this run: no step follows. Press Reset to begin it anew.";
  return status?.state === "running"
    ? "The run goes from step to step. Press Next phase to stop inside one."
    : "The run stands between two steps. Press Next phase to walk into the next one.";
}

/**
 * How many generated samples can be gone through, whether the picture shows all of them now or not.
 *
 * @param {Readonly<Pick<PageState, "frame">>} state
 */
export function countSamples({ frame }) {
  return frame?.samples ?? 0;
}

/**
 * The sample before or after another one; after the last comes the first.
 *
 * @param {number} index
 * @param {number} way 1 or -1
 * @param {number} count
 */
export function findNeighbour(index, way, count) {
  return count > 0 ? (index + way + count) % count : 0;
}
