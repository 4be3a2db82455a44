/**
 * Who takes part: with a loss that compares the samples itself the discriminator's nodes are pale, and it says why. The
 * encoder is there only where one is trained.
 */

import { explainNoPart, goesBackwards, hasEncoder, OF_DISCRIMINATOR, pricesSamples } from "../layers/game.js";
import { make, setText } from "../plots/elements.js";
import { describeArrows } from "./arrows.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * Mark the graph with `data-part`, "all" or "generator", and the nodes that take none with the class `apart`;
 * `data-priced` says what the loss compares where none judges, "samples" or the generator's "answers";
 * `data-way` is "backwards" where training sends real samples through the generator to the noise they would be of, and
 * `data-judged` what is judged where one does, "samples" or "pairs".
 *
 * @param {HTMLElement} graph
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function watchPart(graph, store, { signal }) {
  const encoder = graph.querySelector("[data-node=encoder]");
  const note = make("p", { className: "node-note", hidden: true });
  graph.querySelector("[data-node=discriminator]")?.append(note);
  store.subscribe(
    ["catalog", "config"],
    (state) => {
      const reason = explainNoPart(state);
      graph.dataset.part = reason ? "generator" : "all";
      graph.dataset.priced = pricesSamples(state) ? "samples" : "answers";
      graph.dataset.way = goesBackwards(state) ? "backwards" : "forwards";
      graph.dataset.judged = hasEncoder(state) ? "pairs" : "samples";
      if (!hasEncoder(state)) encoder?.remove();
      else if (encoder && !encoder.isConnected) graph.querySelector("[data-node=generated]")?.after(encoder);
      graph.querySelector(".arrows")?.setAttribute("aria-label", describeArrows(state));
      setText(note, reason);
      note.hidden = reason === "";
      for (const key of OF_DISCRIMINATOR) {
        graph.querySelector(`[data-node="${key}"]`)?.classList.toggle("apart", reason !== "");
      }
    },
    { signal },
  );
}
