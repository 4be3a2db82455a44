/** What is there to unfold in the inspector stays unfolded, and keeps the focus, when its numbers are told anew. */

import { make } from "../plots/elements.js";

/** The names of what the reader has unfolded. @typedef {Set<string>} Unfolded */

/**
 * Make a heading that unfolds; its content is made when it is first wanted.
 *
 * @param {Unfolded} unfolded
 * @param {string} key
 * @param {string} summary
 * @param {() => readonly Node[]} build
 */
export function createFold(unfolded, key, summary, build) {
  const element = make("details", { className: "fold", attributes: { "data-keep": key } }, [
    make("summary", { textContent: summary, attributes: { "data-keep": `${key} summary` } }),
  ]);
  let isBuilt = false;
  function fill() {
    if (isBuilt) return;
    isBuilt = true;
    element.append(...build());
  }
  if (unfolded.has(key)) {
    element.open = true;
    fill();
  }
  element.addEventListener("toggle", () => {
    if (element.open) {
      unfolded.add(key);
      fill();
    } else unfolded.delete(key);
  });
  return element;
}

/**
 * Put other content into a place, and the focus back to where it was in the old one.
 *
 * @param {HTMLElement} place
 * @param {readonly Node[]} content
 */
export function renewContent(place, content) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const kept = focused?.getAttribute("data-keep");
  const { scrollTop } = place;
  place.replaceChildren(...content);
  place.scrollTop = scrollTop;
  if (!focused) return;
  const again = kept ? place.querySelector(`[data-keep="${CSS.escape(kept)}"]`) : null;
  (again instanceof HTMLElement ? again : place).focus({ preventScroll: true });
}
