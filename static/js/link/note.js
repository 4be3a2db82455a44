/** The note on a link of which not all could be taken: it stays until it is read. */

import { find } from "../controls/dom.js";
import { make } from "../plots/elements.js";

/**
 * @param {HTMLElement} root
 * @param {readonly string[]} problems what could not be taken, in words
 * @param {{signal: AbortSignal}} options
 */
export function showProblems(root, problems, { signal }) {
  if (problems.length === 0) return;
  find(root, "ul").replaceChildren(...problems.map((text) => make("li", {}, [text])));
  find(root, "button").addEventListener("click", () => (root.hidden = true), { signal, once: true });
  root.hidden = false;
}
