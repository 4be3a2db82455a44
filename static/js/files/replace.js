/** The question before a saved run takes the place of the one that is here: all its branches would be gone for good. */

import { find } from "../controls/dom.js";
import { formatCount } from "../layers/numbers.js";
import { setText } from "../plots/elements.js";
import { attempt, keepFile } from "./transfer.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * Let the dialog ask; gives what asks it. Where nothing was trained yet, nothing is asked.
 *
 * @param {HTMLDialogElement} dialog
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 * @returns {() => Promise<boolean>} whether the run that is here may go
 */
export function createReplace(dialog, store, { signal }) {
  find(dialog, "[data-keeps=run]").addEventListener(
    "click",
    () => attempt(store, (address) => keepFile(`${address}/run`)),
    { signal },
  );
  return () => {
    const loss = describeLoss(store.get());
    if (!loss) return Promise.resolve(true);
    setText(find(dialog, "[data-shows=loss]"), loss);
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "open"), { signal, once: true });
    });
  };
}

/**
 * What is lost when another run takes the place of the one that is here; empty where it was never trained.
 *
 * @param {Readonly<Pick<PageState, "status" | "tree">>} state
 */
export function describeLoss({ status, tree }) {
  const count = tree?.branches.length ?? 0;
  if (!status || (count < 2 && status.head === status.first)) return "";
  const thing = count > 1 ? `all ${count} branches of it` : `its ${formatCount(status.head)} steps`;
  return `The saved run takes the place of the one that is here: ${thing} will be gone, and this cannot be undone.`;
}
