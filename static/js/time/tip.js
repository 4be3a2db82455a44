/** The words above the timeline: those of a tick, or the losses under the pointer. */

import { setText } from "../plots/elements.js";

/**
 * Show words above the timeline, near a place on it.
 *
 * @param {HTMLElement} tip
 * @param {string} text
 * @param {number} part the place, from 0 at the first step to 1 at the last
 */
export function showTip(tip, text, part) {
  setText(tip, text);
  tip.hidden = false;
  const width = tip.offsetParent?.clientWidth ?? 0;
  const left = Math.min(part * width - tip.offsetWidth / 2, width - tip.offsetWidth);
  tip.style.setProperty("inset-inline-start", `${Math.max(0, left)}px`);
}
