/** The way out of a run that broke: a button that leads back to before it did. */

import { find, passFocus } from "../controls/dom.js";
import { formatCount } from "../layers/numbers.js";
import { setText } from "../plots/elements.js";
import { chooseEscape } from "./past.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../controls/actions.js").Actions} Actions */

/**
 * @param {HTMLElement} root The toolbar: the button stands beside the words of what went wrong.
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createEscape(root, store, actions, { signal }) {
  const button = find(root, "[data-action=escape]");
  button.addEventListener("click", () => {
    const step = chooseEscape(store.get().status);
    if (step !== null) actions.seek(step);
  }, { signal });
  store.subscribe(["status"], ({ status }) => {
    const step = chooseEscape(status);
    if (step === null && button === document.activeElement) passFocus();
    button.hidden = step === null;
    if (step !== null) setText(button, `Go back to step ${formatCount(step)}`);
  }, { signal });
}
