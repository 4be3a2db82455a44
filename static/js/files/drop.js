/** Files that are dropped on the page: the lab's own are opened, points go on to whoever takes points. */

import { areForLab } from "./kinds.js";
/** @typedef {import("./transfer.js").Opener} Opener */

/**
 * @param {HTMLElement} hint what a file over the page can be dropped for
 * @param {Opener} open
 * @param {{signal: AbortSignal}} options
 */
export function createDrop(hint, open, { signal }) {
  /** @param {DragEvent} event */
  function showHint(event) {
    if (event.dataTransfer?.types.includes("Files") && !isElsewhere()) hint.hidden = false;
  }
  /** @param {DragEvent} event */
  function hideHint(event) {
    if (!event.relatedTarget) hint.hidden = true; // it has left the window, and not only one part for another
  }
  /** @param {DragEvent} event */
  function take(event) {
    hint.hidden = true;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!areForLab(files) || isElsewhere()) return;
    event.preventDefault();
    event.stopPropagation();
    open(files);
  }
  document.addEventListener("dragenter", showHint, { signal });
  document.addEventListener("dragleave", hideHint, { signal });
  document.addEventListener("drop", take, { signal, capture: true });
}

/** Whether the reader is busy in a dialog. */
function isElsewhere() {
  return document.querySelector("dialog:modal") !== null;
}
