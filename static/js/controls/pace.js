/** How fast the run plays, and where it stops by itself: fields in the toolbar that hold for every later Play. */

import { formatCount } from "../layers/numbers.js";
import { setText } from "../plots/elements.js";
import { find } from "./dom.js";
import { formatNumber, readNumber } from "./numbers.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").Pace} Pace */
/** @typedef {import("../protocol.js").Play} Play */
/** @typedef {import("./actions.js").Actions} Actions */

const RANGES = {
  until: { minimum: 1, maximum: 10_000_000, integer: true, scale: /** @type {const} */ ("linear") },
  below: { minimum: 0.001, maximum: 1, integer: false, scale: /** @type {const} */ ("linear") },
};

/**
 * The command that plays as the page is set.
 *
 * @param {Pick<PageState, "slow" | "pace">} state
 * @returns {Omit<Play, "id">}
 */
export function requestPlay({ slow, pace }) {
  return {
    type: "play",
    rate: slow ? null : pace.rate,
    phases_per_second: slow ? 1 / pace.phaseSeconds : null,
    until: pace.until,
    stop: pace.below === null ? null : { metric: "grid_js", below: pace.below },
  };
}

/**
 * What the button that opens the fields says: the limits that are set, so that none is forgotten.
 *
 * @param {Pace} pace
 */
export function describePace({ rate, until, below }) {
  const parts = [rate === null ? "" : `${formatCount(rate)} steps/s`];
  if (until !== null) parts.push(`to step ${formatCount(until)}`);
  if (below !== null) parts.push(`JS under ${formatNumber(below)}`);
  return parts.filter((part) => part !== "").join(", ");
}

/**
 * @param {HTMLElement} root The toolbar.
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createPace(root, store, actions, { signal }) {
  const menu = /** @type {HTMLDetailsElement} */ (find(root, "#pace"));
  const rate = /** @type {HTMLSelectElement} */ (find(menu, "#pace-rate"));
  const seconds = /** @type {HTMLInputElement} */ (find(menu, "#pace-seconds"));
  rate.addEventListener("change", () => actions.setPace({ rate: rate.value ? Number(rate.value) : null }), { signal });
  seconds.addEventListener("input", () => actions.setPace({ phaseSeconds: Number(seconds.value) }), { signal });
  watchLimit(menu, "until", actions, signal);
  watchLimit(menu, "below", actions, signal);
  closeFromOutside(menu, signal);
  store.subscribe(
    ["pace"],
    ({ pace }) => {
      rate.value = pace.rate === null ? "" : String(pace.rate);
      seconds.value = String(pace.phaseSeconds);
      seconds.setAttribute("aria-valuetext", `${pace.phaseSeconds} seconds`);
      setText(find(menu, "#pace-seconds-shown"), `${pace.phaseSeconds} s`);
      for (const key of /** @type {const} */ (["until", "below"])) {
        const field = /** @type {HTMLInputElement} */ (find(menu, `#pace-${key}`));
        if (field !== document.activeElement) field.value = pace[key] === null ? "" : formatNumber(pace[key]);
      }
      setText(find(menu, "#pace-shown"), describePace(pace));
    },
    { signal },
  );
  store.subscribe(
    ["status"],
    ({ status, pace }) => {
      // The step is reached: the wish is fulfilled, and must not refuse the next Play.
      if (status?.reason && pace.until !== null && status.step >= pace.until) {
        store.set({ pace: { ...pace, until: null } });
      }
    },
    { signal },
  );
}

/**
 * @param {HTMLElement} menu
 * @param {"until" | "below"} key
 * @param {Actions} actions
 * @param {AbortSignal} signal
 */
function watchLimit(menu, key, actions, signal) {
  const field = /** @type {HTMLInputElement} */ (find(menu, `#pace-${key}`));
  const complaint = find(menu, `#pace-${key}-problem`);
  field.addEventListener(
    "change",
    () => {
      const isEmpty = field.value.trim() === "";
      const { value, problem } = isEmpty ? { value: null, problem: "" } : readNumber(field.value, RANGES[key]);
      setText(complaint, problem);
      field.setAttribute("aria-invalid", String(problem !== ""));
      if (problem === "") actions.setPace({ [key]: value });
    },
    { signal },
  );
}

/**
 * Close the fields by Escape, or by a press elsewhere.
 *
 * @param {HTMLDetailsElement} menu
 * @param {AbortSignal} signal
 */
function closeFromOutside(menu, signal) {
  menu.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    },
    { signal },
  );
  document.addEventListener(
    "pointerdown",
    ({ target }) => {
      if (menu.open && target instanceof Node && !menu.contains(target)) menu.open = false;
    },
    { signal },
  );
}
