/** Brings a link's options to the page: what it hides, what it locks, and the page as a frame in another one. */

import { make } from "../plots/elements.js";
import { LOCKED } from "./locks.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./options.js").Lockable} Lockable */
/** @typedef {import("./options.js").Options} Options */

/** The fieldsets that each lock switches off, with all that is in them; and the single controls. */
const FIELDSETS = /** @type {Record<Lockable, string>} */ ({
  settings: "#settings fieldset",
  data: "#toolbar .data-choice, #settings [data-group=data], #settings [data-place=presets]",
  seed: "[data-lock=seed], #settings [data-place=presets]",
});
const CONTROLS = /** @type {Record<Lockable, string>} */ ({
  settings: "#knobs-button",
  data: "",
  seed: "#settings [data-number=seed] input",
});
/** Beside what the words stand, but no part of its name. */
const PLACES = /** @type {Record<Lockable, {place: string, where: InsertPosition}>} */ ({
  settings: { place: "#settings h2", where: "afterend" },
  data: { place: "#settings [data-group=data] legend", where: "beforeend" },
  seed: { place: "#settings [data-number=seed] .field-label", where: "afterend" },
});

/**
 * Hide what the link hides and make the page a frame's, before anything of it is drawn.
 *
 * @param {HTMLElement} root the document's
 * @param {Readonly<Options>} options
 */
export function arrangePage(root, { hide, embed }) {
  root.dataset.hides = hide.join(" ");
  if (embed) root.dataset.embed = "";
}

/**
 * Switch off what the link locks, also where it is made later, and say so.
 *
 * @param {Document} page
 * @param {PageStore} store
 * @param {readonly Lockable[]} locks
 * @param {{signal: AbortSignal}} options
 */
export function lockPage(page, store, locks, { signal }) {
  if (locks.length === 0) return;
  // The settings are made from the catalogue, and made anew for another unit.
  store.subscribe(["catalog", "config"], () => locks.forEach((lock) => applyLock(page, lock)), { signal });
}

/**
 * @param {Document} page
 * @param {Lockable} lock
 */
function applyLock(page, lock) {
  for (const part of page.querySelectorAll(FIELDSETS[lock])) part.toggleAttribute("disabled", true);
  if (CONTROLS[lock]) {
    for (const control of page.querySelectorAll(CONTROLS[lock])) control.toggleAttribute("disabled", true);
  }
  const { place, where } = PLACES[lock];
  for (const element of page.querySelectorAll(`${place}:not([data-locked])`)) {
    element.setAttribute("data-locked", "");
    element.insertAdjacentElement(where, make("span", { className: "locked", textContent: LOCKED }));
  }
}
