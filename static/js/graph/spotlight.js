/**
 * Slow motion in the overview: what acts in the present phase is lit, and everything else is dimmed. And beside it what
 * the inspector points at.
 */

import { findPhase, listActing } from "../slow/captions.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * Mark the node that the inspector points at with the class `pointed`.
 *
 * @param {HTMLElement} graph
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function watchPointed(graph, store, { signal }) {
  store.subscribe(["pointed"], ({ pointed }) => {
    for (const node of graph.querySelectorAll("[data-node]")) {
      node.classList.toggle("pointed", node.getAttribute("data-node") === pointed);
    }
  }, { signal });
}

/**
 * Mark the acting nodes and arrows with the class `lit`, and the graph with `data-spotlight`: whose turn it is.
 *
 * @param {HTMLElement} graph
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function watchSpotlight(graph, store, { signal }) {
  store.subscribe(
    ["slow", "status", "catalog", "config"],
    (state) => {
      const phase = findPhase(state);
      const { nodes, edges } = phase ? listActing(phase, state) : { nodes: [], edges: [] };
      if (phase) graph.dataset.spotlight = phase.player;
      else delete graph.dataset.spotlight;
      for (const part of graph.querySelectorAll("[data-node]")) {
        part.classList.toggle("lit", nodes.includes(part.getAttribute("data-node") ?? ""));
      }
      for (const part of graph.querySelectorAll("[data-edge]")) {
        part.classList.toggle("lit", edges.includes(part.getAttribute("data-edge") ?? ""));
      }
    },
    { signal },
  );
}
