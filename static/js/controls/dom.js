/** Finding elements, and filling them. */

import { formatCount } from "../layers/numbers.js";
import { make } from "../plots/elements.js";

/**
 * The one element below `root` that a selector names; its absence is a programmer's mistake.
 *
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(root, selector) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * Show a count that the eye reads in groups of three digits while its text is the plain number.
 *
 * @param {HTMLElement} element
 * @param {number} count
 */
export function showCount(element, count) {
  if (element.textContent === String(count)) return;
  const groups = formatCount(count).split(",");
  element.replaceChildren(...groups.map((textContent) => make("span", { className: "digits", textContent })));
}

/**
 * Give the keyboard's focus on, before it falls off the page with what goes away: to this element, else to Play.
 *
 * @param {HTMLElement | null} [next]
 */
export function passFocus(next) {
  const heir = next ?? document.querySelector("[data-action=play]");
  if (heir instanceof HTMLElement) heir.focus();
}
