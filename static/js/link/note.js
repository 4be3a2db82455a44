/** The note on a link that could not be taken, or not all of it: it stays until it is read. */

import { find } from "../controls/dom.js";
import { make, setText } from "../plots/elements.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createNote(root, store, { signal }) {
  find(root, "button").addEventListener("click", () => (root.hidden = true), { signal });
  /**
   * @param {string} heading
   * @param {readonly string[]} problems what could not be taken, in words
   */
  function show(heading, problems) {
    setText(find(root, "p"), heading);
    find(root, "ul").replaceChildren(...problems.map((text) => make("li", {}, [text])));
    root.hidden = false;
  }
  store.subscribe(["unopened"], ({ unopened }) => {
    if (unopened) show("The run of this link cannot be trained. This is the default run instead, because:", [unopened]);
  }, { signal });
  return {
    /** @param {readonly string[]} problems of a link whose run was begun */
    show(problems) {
      if (problems.length > 0) show("Not all of the link could be taken; the rest was.", problems);
    },
  };
}
