/** The File menu: saves and opens runs and models, and gives them as code and as tables. */

import { find } from "../controls/dom.js";
import { attempt, keepFile, openFiles } from "./transfer.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @param {HTMLElement} menu a popover; its buttons name what they keep by `data-keeps`, or open files
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createFiles(menu, store, { signal }) {
  const input = /** @type {HTMLInputElement} */ (find(menu, "input[type=file]"));
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
      await openFiles(store, [...(input.files ?? [])]);
      input.value = ""; // so that the same file can be chosen again
    },
    { signal },
  );
}
