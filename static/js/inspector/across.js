/** What may be wider than the inspector, such as a long formula: it is scrolled, also with the keys. */

import { make, watchSize } from "../plots/elements.js";

/**
 * @param {string} name
 * @param {readonly Node[]} content
 */
export function createAcross(name, content) {
  const attributes = { role: "group", "aria-label": name, "data-keep": `across ${name}` };
  return make("div", { className: "across", attributes }, content);
}

/**
 * Let the keys reach what has to be scrolled, and not stop at what is seen whole; gives what looks again at once.
 *
 * @param {HTMLElement} place its size changes with nearly all that can be unfolded in it
 * @param {{signal: AbortSignal}} options
 */
export function watchAcross(place, { signal }) {
  function update() {
    for (const element of place.querySelectorAll(".across")) {
      if (element.scrollWidth > element.clientWidth) element.setAttribute("tabindex", "0");
      else element.removeAttribute("tabindex");
    }
  }
  watchSize(place, update, { signal });
  return update;
}
