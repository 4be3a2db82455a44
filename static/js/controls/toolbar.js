/** The toolbar: buttons that act on the run, and the numbers that say where it is. */

import { formatCount } from "../layers/numbers.js";
import { setText } from "../plots/elements.js";
import { find } from "./dom.js";
import { formatRate } from "./numbers.js";
import { describeProblem, describeState } from "./words.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./actions.js").Actions} Actions */

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createToolbar(root, store, actions, { signal }) {
  /** @type {Record<string, () => void>} */
  const pressed = {
    play: () => actions.toggle(),
    step: () => actions.step("both"),
    "step-discriminator": () => actions.step("discriminator"),
    "step-generator": () => actions.step("generator"),
    reset: () => actions.reset(),
    "new-seed": () => actions.restartElsewhere(),
  };
  const play = find(root, "[data-action=play]");
  for (const [action, press] of Object.entries(pressed)) {
    find(root, `[data-action=${action}]`).addEventListener("click", press, { signal });
  }
  /** @param {string} name */
  const place = (name) => find(root, `[data-shows=${name}]`);
  const step = place("step");
  const [dUpdates, gUpdates, speed] = [place("d-updates"), place("g-updates"), place("speed")];

  store.subscribe(
    ["status"],
    ({ status }) => {
      const running = status?.state === "running";
      play.dataset.shows = running ? "pause" : "play";
      play.setAttribute("aria-label", running ? "Pause" : "Play");
      setText(step, formatCount(status?.step ?? 0));
      setText(dUpdates, formatCount(status?.d_updates ?? 0));
      setText(gUpdates, formatCount(status?.g_updates ?? 0));
      setText(speed, formatRate(running ? status.steps_per_second : 0));
    },
    { signal },
  );
  createMessages(place("message"), place("problem"), store, signal);
}

/**
 * The line of words: what the run does, or what went wrong.
 *
 * @param {HTMLElement} message
 * @param {HTMLElement} problem
 * @param {PageStore} store
 * @param {AbortSignal} signal
 */
function createMessages(message, problem, store, signal) {
  let isBack = false;
  let lastState = "";
  store.subscribe(
    ["connection", "status", "acting", "problem"],
    (state) => {
      const { connection, status } = state;
      // The news of being back is old as soon as the run does something else.
      if (connection === "lost") [isBack, lastState] = [true, ""];
      else if (connection === "open" && status) {
        if (lastState !== "" && status.state !== lastState) isBack = false;
        lastState = status.state;
      }
      const wrong = describeProblem(state);
      setText(problem, wrong);
      setText(
        message,
        wrong ? "" : (isBack && connection === "open" ? "Connected again. " : "") + describeState(state),
      );
    },
    { signal },
  );
}
