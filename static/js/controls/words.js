/** What the state of the page is in words. */

import { formatCount } from "../layers/numbers.js";

/** @typedef {import("../state.js").PageState} PageState */

/** The last word on who learned, where only one player did. */
const LEARNED = {
  both: "",
  discriminator: " The discriminator learned; the generator held still.",
  generator: " The generator learned; the discriminator held still.",
};

/**
 * One calm sentence: what the run does now.
 *
 * @param {Pick<PageState, "connection" | "status" | "acting">} state
 * @returns {string}
 */
export function describeState({ connection, status, acting }) {
  if (connection === "lost") return "The connection is lost. Trying again.";
  if (!status) return "Warming up: the lab is getting its training ready.";
  switch (status.state) {
    case "running":
      return "Training: both players learn in turns.";
    case "failed":
      return "";
    case "closed":
      return "This session has ended. Load the page again to begin another.";
    default:
      if (status.d_updates + status.g_updates === 0) return "Ready. Press Play to train, or Step to train once.";
      return `Paused at step ${formatCount(status.step)}.${LEARNED[acting ?? "both"]}`;
  }
}

/**
 * What went wrong and what to try, or "" when all is well.
 *
 * @param {Pick<PageState, "problem" | "status">} state
 * @returns {string}
 */
export function describeProblem({ problem, status }) {
  if (status?.state !== "failed" || !status.failure) return problem ?? "";
  const { step, player, quantity } = status.failure;
  const whose = player === "both" ? "" : `the ${player}’s `;
  return (
    `The run broke at step ${formatCount(step)}: ${whose}${quantity} is no longer a finite number. ` +
    "Lower the learning rate, then press Reset."
  );
}
