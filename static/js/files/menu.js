/** The File menu: saves and opens runs and models, and gives them as code and as tables. */

import { find } from "../controls/dom.js";
import { LOCKED } from "../link/locks.js";
import { make } from "../plots/elements.js";
import { attempt, keepFile } from "./transfer.js";

/** @typedef {import("../link/options.js").Lockable} Lockable */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./transfer.js").Opener} Opener */

/**
 * @param {HTMLElement} menu a popover; its buttons name what they keep by `data-keeps`, or open files
 * @param {PageStore} store
 * @param {Opener} open
 * @param {{signal: AbortSignal, locks: readonly Lockable[]}} options
 */
export function createFiles(menu, store, open, { signal, locks }) {
  const input = /** @type {HTMLInputElement} */ (find(menu, "input[type=file]"));
  const opening = /** @type {NodeListOf<HTMLButtonElement>} */ (menu.querySelectorAll("button:not([data-keeps])"));
  for (const button of locks.length > 0 ? opening : []) {
    button.disabled = true;
    button.closest("section")?.append(make("span", { className: "locked", textContent: `${button.textContent}: ${LOCKED}` }));
  }
  menu.addEventListener(
    "click",
    ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      if (!button) return;
      const { keeps } = button.dataset;
      if (keeps) attempt(store, (address) => keepFile(`${address}/${keeps}`));
      else input.click();
      menu.hidePopover();
    },
    { signal },
  );
  input.addEventListener(
    "change",
    async () => {
      await open([...(input.files ?? [])]);
      input.value = ""; // so that the same file can be chosen again
    },
    { signal },
  );
}
