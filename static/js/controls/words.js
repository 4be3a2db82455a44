/** What the state of the page is in words. */

import { isGame } from "../layers/game.js";
import { formatCount } from "../layers/numbers.js";
import { describePast } from "../time/past.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {"catalog" | "config"} Run What the page knows of the run itself. */

/** How an ordinal number ends. */
const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
/** @type {Record<Intl.LDMLPluralRule, string>} */
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th", zero: "th", many: "th" };
/** The last word on who learned, where only one player did. */
const LEARNED = {
  both: "",
  discriminator: " The discriminator learned; the generator held still.",
  generator: " The generator learned; the discriminator held still.",
};

/**
 * One calm sentence: what the run does now.
 *
 * @param {Pick<PageState, "connection" | "status" | "acting" | "news"> & Partial<Pick<PageState, "queued" | "slow" | "leading" | Run>>} state
 * @returns {string}
 */
export function describeState({ news, queued, ...state }) {
  if (queued) return `${news ? formSentence(news) : ""} ${describeLine(queued)}`.trimStart();
  const isLost = state.connection === "lost";
  if (!news) return isLost ? "The connection is lost. Trying again." : describeRun(state);
  const after = isLost ? "This page tries again by itself." : state.status ? describeRun(state) : "";
  return `${formSentence(news)} ${after}`.trimEnd();
}

/**
 * Where the page stands in line.
 *
 * @param {import("../protocol.js").Queued} queued
 */
function describeLine({ place, sessions }) {
  const full = sessions === 1 ? "its only run is taken" : `all ${formatCount(sessions)} runs are taken`;
  const turn = place === 1 ? "You are next" : `You are ${formatCount(place)}${ENDINGS[ORDINALS.select(place)]} in line`;
  return `The lab is full: ${full}. ${turn}; this page starts by itself.`;
}

/**
 * @param {Pick<PageState, "status" | "acting"> & Partial<Pick<PageState, "slow" | "leading" | Run>>} state
 * @returns {string}
 */
function describeRun({ status, acting, ...rest }) {
  if (!status) return "Warming up: the lab is getting its training ready.";
  switch (status.state) {
    case "running":
      return describeMotion({ status, acting, ...rest });
    case "stepping":
      return describePlace(status);
    case "failed":
      return "";
    case "closed":
      return "This session has ended. Load the page again to begin another.";
    default:
      if (status.step < status.head) return `${status.reason ?? ""} ${describePast(status)}`.trimStart();
      if (status.reason) return status.reason;
      if (status.d_updates + status.g_updates === 0) return "Ready. Press Play to train, or Step to train once.";
      return `Paused at step ${formatCount(status.step)}.${LEARNED[acting ?? "both"]}`;
  }
}

/**
 * What a run does that goes on.
 *
 * @param {{status: import("../protocol.js").Status} & Partial<Pick<PageState, "acting" | "slow" | "leading" | Run>>} state
 */
function describeMotion({ status, acting, slow, leading, ...run }) {
  if (leading) return `Training to step ${formatCount(leading)}, where the link leads.`;
  if (slow) return "Slow motion: one phase after the other.";
  if (status.step < status.head) return `Showing what happened, up to step ${formatCount(status.head)}.`;
  if (acting === "discriminator" || acting === "generator") return `Training: the ${acting} learns alone.`;
  if (!isGame(run)) return "Training: the generator learns, and nobody judges.";
  return `Training: ${findPlaying(run) ?? "both players learn in turns"}.`;
}

/**
 * What goes on where a technique lets the players learn in another order; none where they take turns.
 *
 * @param {Partial<Pick<PageState, Run>>} run
 */
function findPlaying({ catalog, config }) {
  const on = config?.techniques.map(({ name }) => name) ?? [];
  return catalog?.techniques.find(({ key, playing }) => playing && on.includes(key))?.playing;
}

/**
 * Where a run stands inside a step.
 *
 * @param {import("../protocol.js").Status} status
 */
function describePlace({ step, phase }) {
  const place = phase ? `, after phase ${phase.number} of ${phase.count}` : "";
  return `Inside step ${formatCount(step + 1)}${place}. Next phase goes on; Step finishes the step.`;
}

/**
 * What went wrong and what to try, or "" when all is well.
 *
 * @param {Pick<PageState, "problem" | "status">} state
 * @returns {string}
 */
export function describeProblem({ problem, status }) {
  if (status?.state !== "failed" || !status.failure) return problem ?? "";
  const { step, player, quantity, message } = status.failure;
  // No player broke it: the lab itself could not go on with it.
  if (!player) return `${formSentence(message)} Press Reset.`;
  return (
    `The run broke at step ${formatCount(step)}: the ${player}’s ${quantity} is no longer a finite number. ` +
    "Go back to before it. Lower the learning rate there and go on, or press Reset."
  );
}

/**
 * The server's words begin small and end without a full stop.
 *
 * @param {string} words
 */
function formSentence(words) {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
}
