/** The ways from the graph into the inspector: a button at each node, a click on the node, and Enter while it has the focus. */

import { make } from "../plots/elements.js";

/** What has a meaning of its own inside a node. */
const OWN = "label, input, button";

/**
 * @param {string} key
 * @param {string} title
 */
export function createLookButton(key, title) {
  const name = `Inspect ${title.toLowerCase().replace(/\b([dg])$/, (letter) => letter.toUpperCase())}`;
  const sign = make("span", { textContent: "i", attributes: { "aria-hidden": "true" } });
  return make("button", { type: "button", className: "node-look", title: name, attributes: { "aria-label": name, "data-look": key } }, [sign]);
}

/**
 * @param {HTMLElement} graph
 * @param {(node: string) => void} look
 * @param {{signal: AbortSignal}} options
 */
export function listenToLooks(graph, look, { signal }) {
  graph.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    const node = target.closest("[data-node]")?.getAttribute("data-node");
    const button = target.closest("[data-look]");
    if (node && (button || !target.closest(OWN))) look(node);
  }, { signal });
  graph.addEventListener("keydown", (event) => {
    const node = event.target instanceof Element && event.target.getAttribute("data-node");
    if (event.key !== "Enter" || !node) return;
    event.preventDefault();
    look(node);
  }, { signal });
}
