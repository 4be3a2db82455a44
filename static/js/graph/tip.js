/** One tip for the whole graph: the sentence of the node that is hovered or focused. */

import { make, setText } from "../plots/elements.js";

/** Make the tip; it stands below its node, or above where there is no room, and Escape closes it. */
export function createTip() {
  const element = make("div", { className: "tip", hidden: true, attributes: { "aria-hidden": "true" } });

  /**
   * @param {HTMLElement} node
   * @param {string} text
   */
  function show(node, text) {
    setText(element, text);
    element.hidden = false;
    const graph = /** @type {HTMLElement} */ (element.offsetParent ?? node);
    const room = graph.clientWidth - element.offsetWidth;
    const left = node.offsetLeft + (node.offsetWidth - element.offsetWidth) / 2;
    const below = node.offsetTop + node.offsetHeight + 6;
    const fits = below + element.offsetHeight <= graph.clientHeight;
    const top = fits ? below : node.offsetTop - element.offsetHeight - 6;
    element.style.setProperty("inset", `${top}px auto auto ${Math.max(0, Math.min(left, room))}px`);
  }

  function hide() {
    element.hidden = true;
  }

  return {
    element,
    /**
     * @param {readonly {element: HTMLElement, read: () => string}[]} nodes
     * @param {{signal: AbortSignal}} options
     */
    watch(nodes, { signal }) {
      for (const { element: node, read } of nodes) {
        node.addEventListener("pointerenter", () => show(node, read()), { signal });
        node.addEventListener("focus", () => show(node, read()), { signal });
        node.addEventListener("pointerleave", hide, { signal });
        node.addEventListener("blur", hide, { signal });
      }
      document.addEventListener("keydown", ({ key }) => key === "Escape" && hide(), { signal });
    },
  };
}
