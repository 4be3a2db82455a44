/** What each of the server's messages changes in the page's state; no socket and no document here. */

import { wordRefusal } from "./controls/refusals.js";
import { formatCount } from "./layers/numbers.js";

/** @typedef {import("./state.js").PageState} PageState */
/** @typedef {import("./state.js").Frame} Frame */
/** @typedef {import("./state.js").LayerKey} LayerKey */
/** @typedef {import("./state.js").RunConfig} RunConfig */
/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */
/** @typedef {import("./protocol.js").Welcome} Welcome */
/** @typedef {Extract<ServerMessage, {event: number}>} Event */
/** @typedef {ReturnType<typeof import("./decode.js").decodeFrame>} Decoded */

/** Older marks are forgotten, as the server forgets them. */
const MOST_MARKS = 1_000;

/** What the model overview shows at its nodes, whatever is switched on in the layered view. @type {LayerKey[]} */
const OVERVIEW_LAYERS = ["noise", "real", "generated", "encoded", "predictions", "surface", "warp", "gradients", "d_gradients"];

/** What the layered view reads whatever is switched on: scores and slopes of its samples. @type {LayerKey[]} */
const LAYERED_LAYERS = ["real", "generated", "predictions", "surface", "gradients"];

/**
 * The layers that the page needs: nothing else is computed or sent. While a run plays these are only what is in sight;
 * where it rests all are asked for once, and nothing is old when it is scrolled to.
 *
 * @param {Readonly<Pick<PageState, "layersOn" | "inSight" | "status">>} state
 * @returns {LayerKey[]}
 */
export function chooseLayers({ layersOn, inSight, status }) {
  const all = status?.state !== "running";
  const layers = new Set(all || inSight.overview ? OVERVIEW_LAYERS : []);
  if (all || inSight.layered) for (const layer of [...LAYERED_LAYERS, ...layersOn]) layers.add(layer);
  return [...layers];
}

/**
 * The change that a message makes. The history is the one thing that is changed in place: it is too long to copy.
 *
 * @param {Readonly<PageState>} state
 * @param {ServerMessage} message
 * @returns {Partial<PageState>}
 */
export function receiveMessage(state, message) {
  switch (message.type) {
    case "welcome":
      return receiveWelcome(state, message);
    case "status":
      return { ...keepNews(state, message), ...enterRevision(state, message.revision), status: message };
    case "failure":
      // What is said before the first welcome is why there is none, and what is said last is why the session ended.
      if (state.connection !== "open" || isOver(state)) return { news: message.message };
      return { problem: wordRefusal(message, state.catalog, state.asked) };
    case "queued":
      return { queued: message, news: isOver(state) ? state.news : null };
    case "done":
      return {};
    default:
      return { ...receiveEvent(state, message), seen: message.event };
  }
}

/**
 * @param {Readonly<PageState>} state
 * @param {Welcome} welcome
 * @returns {Partial<PageState>}
 */
function receiveWelcome(state, { session, resumed, restored, since, config, status }) {
  // Where the server cannot go on after what we have seen, it sends all of its history again.
  const entered =
    since === 0
      ? { ...beginRevision(status.revision), ...forgetHistory(state, status.revision), seen: 0 }
      : enterRevision(state, status.revision);
  const news = restored ? describeRestored(state, status) : describeReturn(state, resumed);
  // A page that is loaded anew while its run stands inside a step goes on in slow motion.
  const slow = state.slow || (state.status === null && Boolean(status.phase));
  const tree = resumed ? state.tree : null;
  return { ...entered, session, config: /** @type {RunConfig} */ (config), status, tree, slow, queued: null, problem: null, news };
}

/**
 * Whether the session was ended by the lab.
 *
 * @param {Readonly<PageState>} state
 */
export function isOver({ status }) {
  return status?.state === "closed";
}

/**
 * What a reader should know whose run was not in the lab's memory any more, and is again.
 *
 * @param {Readonly<PageState>} state
 * @param {import("./protocol.js").Status} now
 */
function describeRestored({ connection, status }, now) {
  const again = connection === "lost" ? "Connected again. " : "";
  const seen = status ? Math.max(status.step, status.head) : 0;
  if (seen <= now.head) return `${again}Your run is here again, as it was kept.`;
  return `${again}Your run is here again, as it was last kept: before step ${formatCount(seen)}, which you had seen.`;
}

/**
 * What a reader should know on coming in, if anything.
 *
 * @param {Readonly<PageState>} state
 * @param {boolean} resumed
 */
function describeReturn({ session, config, connection, status }, resumed) {
  if (resumed) return connection === "lost" ? "Connected again." : null;
  if (session === null) return null;
  // Of a run that was asked nothing nothing is kept: the new one is the same.
  if (status && status.revision === 1 && status.head === 0 && !status.phase) return "Connected again. A new run begins.";
  const same = config ? " with the same settings" : "";
  return `Your run had ended while you were away; this is a new one${same}.`;
}

/**
 * News are old as soon as the run does something else.
 *
 * @param {Readonly<PageState>} state
 * @param {import("./protocol.js").Status} now
 * @returns {Partial<PageState>}
 */
function keepNews({ status }, now) {
  const isSame = status?.state === now.state && (now.state === "running" || status.step === now.step);
  return isSame ? {} : { news: null };
}

/**
 * @param {Readonly<PageState>} state
 * @param {Event} event
 * @returns {Partial<PageState>}
 */
function receiveEvent(state, event) {
  if (event.revision < state.revision) return {};
  const entered = { ...enterRevision(state, event.revision), ...beginHistory(state, event.revision) };
  switch (event.type) {
    case "configured":
      return { ...entered, config: /** @type {RunConfig} */ (event.config) };
    case "scalars":
      state.history.append(event);
      return { ...entered, history: state.history };
    case "floors":
      return { ...entered, floors: event.values };
    case "mark":
      return { ...entered, marks: [...(entered.marks ?? state.marks), event].slice(-MOST_MARKS) };
    case "verdict":
      return { ...entered, verdicts: [...(entered.verdicts ?? state.verdicts), event] };
    case "tree":
      return { ...entered, tree: event };
  }
}

/**
 * The change that a frame makes: its arrays replace those of the same name, and the others stay.
 *
 * @param {Readonly<PageState>} state
 * @param {Decoded} decoded
 * @returns {Partial<PageState>}
 */
export function receiveFrame(state, { arrays, meta }) {
  const revision = Number(meta.revision);
  if (revision < state.revision) return {};
  const entered = enterRevision(state, revision);
  const known = "frame" in entered ? null : state.frame;
  const box = /** @type {Frame["box"]} */ ((meta.box ?? "").split(" ").map(Number));
  const place = { step: Number(meta.step), phase: meta.phase ?? "", samples: Number(meta.samples), box };
  return { ...entered, frame: { arrays: { ...known?.arrays, ...arrays }, ...place } };
}

/**
 * @param {Readonly<PageState>} state
 * @param {number} revision
 * @returns {Partial<PageState>}
 */
function enterRevision(state, revision) {
  return revision > state.revision ? beginRevision(revision) : {};
}

/**
 * Forget where the run was before.
 *
 * @param {number} revision
 * @returns {Partial<PageState>}
 */
function beginRevision(revision) {
  return { revision, frame: null, acting: null, news: null };
}

/**
 * The history before a branch is sent again, soon after the run is there: until then the old one stays, and nothing
 * on the page is empty in between.
 *
 * @param {Readonly<PageState>} state
 * @param {number} revision of an event that has come
 * @returns {Partial<PageState>}
 */
function beginHistory(state, revision) {
  return revision > state.told ? forgetHistory(state, revision) : {};
}

/**
 * @param {Readonly<PageState>} state
 * @param {number} revision
 * @returns {Partial<PageState>}
 */
function forgetHistory(state, revision) {
  state.history.clear();
  return { told: revision, history: state.history, floors: {}, marks: [], verdicts: [] };
}
