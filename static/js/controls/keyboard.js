/** Keys for the whole page, with a list of them in a dialog, and a switch for readers whom they disturb. */

import { browserMemory } from "./memory.js";

/** @typedef {import("./actions.js").Actions} Actions */

const STORAGE_KEY = "ganlab.shortcuts";
const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable]";
/** Where Space has a meaning of its own. */
const PRESSED = "button, a, input:not([type=range]), select, textarea, summary, [contenteditable]";
/** Where arrows have one: what can be looked around in or scrolled, too. */
const MOVED = `${PRESSED}, input, [tabindex]`;

/**
 * @param {{dialog: HTMLDialogElement, button: HTMLElement, checkbox: HTMLInputElement}} parts
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createKeyboard({ dialog, button, checkbox }, actions, { signal }) {
  /** @type {Record<string, () => unknown>} */
  const keys = {
    " ": () => actions.toggle(),
    ArrowRight: () => actions.step("both"),
    ArrowLeft: () => actions.back(),
    d: () => actions.step("discriminator"),
    g: () => actions.step("generator"),
    s: () => actions.toggleSlow(),
    n: () => actions.nextPhase(),
    r: () => actions.reset(),
    "?": () => dialog.showModal(),
  };
  /** Whether the last key's deed is still under way. */
  let isBusy = false;
  checkbox.checked = browserMemory.recall(STORAGE_KEY) !== "off";
  checkbox.addEventListener("change", () => browserMemory.remember(STORAGE_KEY, checkbox.checked ? "on" : "off"), {
    signal,
  });
  button.addEventListener("click", () => dialog.showModal(), { signal });
  document.addEventListener(
    "keydown",
    async (event) => {
      if (!checkbox.checked || document.querySelector("dialog:modal") || event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const action = keys[key];
      if (!action || isTaken(event.target, key)) return;
      event.preventDefault();
      // A key that is held down is one wish for Play, Slow motion and Reset, and for a step many, one after the other.
      if (event.repeat && (isBusy || key === " " || key === "r" || key === "s")) return;
      isBusy = true;
      await action();
      isBusy = false;
    },
    { signal },
  );
}

/**
 * Whether the element with the focus needs the key itself.
 *
 * @param {EventTarget | null} target
 * @param {string} key
 */
function isTaken(target, key) {
  if (!(target instanceof Element)) return false;
  if (key === " ") return target.closest(PRESSED) !== null;
  return target.closest(key.startsWith("Arrow") ? MOVED : TYPING) !== null;
}
