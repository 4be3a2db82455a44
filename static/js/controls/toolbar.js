/** The toolbar: buttons that act on the run, and the numbers that say where it is. */

import { explainNoPart } from "../layers/game.js";
import { setText } from "../plots/elements.js";
import { find, passFocus, showCount } from "./dom.js";
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
    back: () => actions.back(),
    step: () => actions.step("both"),
    "step-discriminator": () => actions.step("discriminator"),
    "step-generator": () => actions.step("generator"),
    "slow-motion": () => actions.toggleSlow(),
    "next-phase": () => actions.nextPhase(),
    reset: () => actions.reset(),
    "new-seed": () => actions.restartElsewhere(),
  };
  const play = find(root, "[data-action=play]");
  const back = /** @type {HTMLButtonElement} */ (find(root, "[data-action=back]"));
  const buttons = Object.entries(pressed).map(([action, press]) => {
    const button = /** @type {HTMLButtonElement} */ (find(root, `[data-action=${action}]`));
    button.addEventListener("click", press, { signal });
    return button;
  });
  /** @param {string} name */
  const place = (name) => find(root, `[data-shows=${name}]`);
  const step = place("step");
  const slowMotion = find(root, "[data-action=slow-motion]");
  store.subscribe(["slow"], ({ slow }) => slowMotion.setAttribute("aria-pressed", String(slow)), { signal });
  const [dUpdates, gUpdates, speed] = [place("d-updates"), place("g-updates"), place("speed")];

  store.subscribe(
    ["status", "connection"],
    ({ status, connection }) => {
      // Until there is a run to act on, a press would be lost; the page begins with all of them off.
      const isFirst = status?.step === status?.first && status?.state !== "stepping";
      if (isFirst && back === document.activeElement) passFocus(find(root, "[data-action=step]"));
      for (const button of buttons) button.disabled = status === null || (isFirst && button === back);
      const running = status?.state === "running";
      play.dataset.shows = running ? "pause" : "play";
      play.setAttribute("aria-label", running ? "Pause" : "Play");
      showCount(step, status?.step ?? 0);
      showCount(dUpdates, status?.d_updates ?? 0);
      showCount(gUpdates, status?.g_updates ?? 0);
      setText(speed, formatRate(running && connection === "open" ? status.steps_per_second : 0));
    },
    { signal },
  );
  const alone = /** @type {HTMLButtonElement} */ (find(root, "[data-action=step-discriminator]"));
  store.subscribe(
    ["status", "catalog", "config"],
    (state) => {
      alone.title = explainNoPart(state);
      alone.disabled = state.status === null || alone.title !== "";
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
  store.subscribe(
    ["connection", "queued", "status", "slow", "acting", "leading", "news", "problem", "catalog", "config"],
    (state) => {
      const wrong = describeProblem(state);
      setText(problem, wrong || (state.status?.unkept ?? ""));
      setText(message, wrong ? "" : describeState(state));
    },
    { signal },
  );
}
