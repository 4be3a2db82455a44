/** The offer of a tour at the first visit; once it was answered it does not come back. */

import { find } from "../controls/dom.js";
import { browserMemory } from "../controls/memory.js";

const STORAGE_KEY = "ganlab.tour";

/**
 * Let the button in the masthead, the offer and the address (`?tour=play`) begin the tour.
 *
 * @param {HTMLElement} offer
 * @param {HTMLElement} button
 * @param {{open: (key?: string) => void}} tour
 * @param {{signal: AbortSignal, wanted: string | null}} options `wanted`: what the address says
 */
export function createOffer(offer, button, tour, { signal, wanted }) {
  function settle() {
    browserMemory.remember(STORAGE_KEY, "answered");
    offer.hidden = true;
  }
  /** @param {string} [key] */
  function begin(key) {
    settle();
    // The offer's button is gone now: the tour ends where it can be begun again.
    button.focus({ preventScroll: true });
    tour.open(key);
  }
  button.addEventListener("click", () => begin(), { signal });
  find(offer, "[data-offer=take]").addEventListener("click", () => begin(), { signal });
  find(offer, "[data-offer=leave]").addEventListener("click", settle, { signal });
  offer.hidden = browserMemory.recall(STORAGE_KEY) !== null;
  if (wanted !== null) begin(wanted);
}
