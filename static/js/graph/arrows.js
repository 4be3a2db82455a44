/** The arrows between nodes, drawn in one picture under them and measured from where the nodes are. */

import { hasEncoder, isGame, readWords } from "../layers/game.js";
import { findDetour } from "./detours.js";
import { EDGES, findPort, routeArrow, routeThrough } from "./edges.js";

/** @typedef {import("./edges.js").Arrangement} Arrangement */
/** @typedef {import("./edges.js").Rectangle} Rectangle */

const NAMESPACE = "http://www.w3.org/2000/svg";
const GAP_START = 3;
const GAP_END = 5;
const PAIRS = " An encoder turns real samples into noise, and every sample is judged together with its noise.";
const NAME =
  "How a GAN learns. Noise goes through the generator and becomes generated samples. Real and generated samples go " +
  "through the discriminator and become predictions. Predictions give the two losses. Gradients go back from the " +
  "discriminator's loss to the discriminator, and from the generator's loss to the generator.";

/**
 * Say what the arrows show.
 *
 * @param {import("../layers/game.js").Run} run
 */
export function describeArrows(run) {
  if (isGame(run)) return hasEncoder(run) ? NAME + PAIRS : NAME;
  const flow = readWords(run)?.arrows ?? "";
  return `How a generator learns without a discriminator. ${flow} Gradients go back from the loss to the generator.`;
}

/** Make the picture of the arrows. */
export function createArrows() {
  const element = draw("svg", { class: "arrows", role: "img", "aria-label": NAME });
  element.append(draw("defs", {}, ["both", "discriminator", "generator"].map(createHead)));
  const edges = EDGES.map((edge) => {
    const player = edge.players.length === 2 ? "both" : edge.players[0];
    const line = draw("path", { class: "edge-line", "marker-end": `url(#arrow-head-${player})` });
    const flow = draw("path", { class: "edge-flow" });
    const marks = { "is-back": edge.isBack, "is-direct": edge.isDirect, "is-answer": edge.isAnswer, "is-inverse": edge.isInverse, "is-pair": edge.isPair };
    const classes = ["edge", player, ...edge.players.map((name) => `of-${name}`), ...Object.entries(marks).flatMap(([mark, holds]) => (holds ? [mark] : []))];
    const name = `${edge.from} ${edge.to}`;
    element.append(draw("g", { class: classes.join(" "), "data-edge": name }, [line, flow]));
    return { edge, paths: [line, flow] };
  });
  return {
    element,
    /** @param {HTMLElement} graph the element that holds the nodes */
    draw(graph) {
      const places = measureNodes(graph);
      for (const { edge, paths } of edges) {
        const [start, end] = edge.ports[places.arrangement];
        const from = findPort(places.find(edge.from, start[0]), start, GAP_START);
        const to = findPort(places.find(edge.to, end[0]), end, GAP_END);
        const corners = edge.goesAround ? findDetour(edge.from, places.arrangement, places.find, { start: from, end: to }) : [];
        const way = edge.goesAround ? routeThrough([from, ...corners, to]) : routeArrow(from, to);
        for (const path of paths) path.setAttribute("d", way);
      }
    },
  };
}

/**
 * Find where the nodes are, relative to the graph, and how the style sheet has arranged them.
 * @param {HTMLElement} graph
 * @returns {{arrangement: Arrangement, find: (key: string, side: string) => Rectangle}}
 */
function measureNodes(graph) {
  const origin = graph.getBoundingClientRect();
  const isTall = getComputedStyle(graph).getPropertyValue("--arrangement").trim() === "tall";
  return {
    arrangement: isTall ? "tall" : "wide",
    find(key, side) {
      const node = graph.querySelector(`[data-node="${key}"]`);
      if (!node) return { left: 0, top: 0, right: 0, bottom: 0 };
      // Arrows meet the picture at its sides, and what stands above and below it at top and bottom.
      const picture = (node.querySelector("canvas") ?? node).getBoundingClientRect();
      const whole = node.getBoundingClientRect();
      const top = side === "top" ? whole.top : picture.top;
      const bottom = side === "bottom" ? whole.bottom : picture.bottom;
      return {
        left: picture.left - origin.left,
        right: picture.right - origin.left,
        top: top - origin.top,
        bottom: bottom - origin.top,
      };
    },
  };
}

/** @param {string} player */
function createHead(player) {
  const shape = draw("path", { d: "M0 0 L8 4 L0 8 Z" });
  const size = { markerWidth: "8", markerHeight: "8", refX: "6", refY: "4", markerUnits: "userSpaceOnUse" };
  return draw("marker", { id: `arrow-head-${player}`, class: `head ${player}`, orient: "auto", ...size }, [shape]);
}

/**
 * Make an element of a picture.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {readonly SVGElement[]} children
 * @returns {SVGElement}
 */
function draw(tag, attributes, children = []) {
  const element = /** @type {SVGElement} */ (document.createElementNS(NAMESPACE, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
