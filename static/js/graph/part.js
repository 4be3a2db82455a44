/** Who takes part: with a loss that compares the samples itself the discriminator's nodes are pale, and it says why. */

import { explainNoPart, OF_DISCRIMINATOR } from "../layers/game.js";
import { make, setText } from "../plots/elements.js";
import { describeArrows } from "./arrows.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * Mark the graph with `data-part`, "all" or "generator", and the nodes that take none with the class `apart`.
 *
 * @param {HTMLElement} graph
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function watchPart(graph, store, { signal }) {
  const note = make("p", { className: "node-note", hidden: true });
  graph.querySelector("[data-node=discriminator]")?.append(note);
  store.subscribe(
    ["catalog", "config"],
    (state) => {
      const reason = explainNoPart(state);
      graph.dataset.part = reason ? "generator" : "all";
      graph.querySelector(".arrows")?.setAttribute("aria-label", describeArrows(reason === ""));
      setText(note, reason);
      note.hidden = reason === "";
      for (const key of OF_DISCRIMINATOR) {
        graph.querySelector(`[data-node="${key}"]`)?.classList.toggle("apart", reason !== "");
      }
    },
    { signal },
  );
}
