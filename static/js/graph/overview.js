/** The model overview: a graph of live pictures, joined by arrows along which data and gradients flow. */

import { chooseNeedle } from "../layers/gradients.js";
import { frameNoise, placeOnLine } from "../layers/samples.js";
import { buildScene, listDependencies } from "../layers/scene.js";
import { watchPalette } from "../palette.js";
import { paintCanvas } from "../plots/canvas.js";
import { make, watchSize } from "../plots/elements.js";
import { createChangeCheck, createPainter } from "../plots/painter.js";
import { createArrows } from "./arrows.js";
import { chooseScale, createBar, findLast } from "./bars.js";
import { watchFlow } from "./flow.js";
import { LOSS_NODES, PICTURE_NODES } from "./nodes.js";
import { createTip } from "./tip.js";

/** @typedef {import("../layers/marks.js").Scene} Scene */
/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @typedef {object} Thumbnail
 * @property {import("./nodes.js").PictureNode} node
 * @property {HTMLCanvasElement} canvas
 * @property {number} side
 * @property {(parts: readonly unknown[]) => boolean} changed
 */

/** The side of a square at which marks have their full size, in pixels; a thumbnail's are smaller. */
const FULL_SIDE = 210;
const SMALLEST_SCALE = 0.42;
/** A thumbnail has no scale beside it, so its needles may be longer than the large picture's. */
const NEEDLE_GAIN = 2;

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createOverview(root, store, { signal }) {
  const overview = new Overview(store, signal);
  root.append(overview.element);
  overview.start();
}

class Overview {
  #store;
  #signal;
  #request;
  #thumbnails = PICTURE_NODES.map((node) => ({
    node,
    canvas: make("canvas", { className: "node-picture", attributes: { "aria-hidden": "true" } }),
    side: 0,
    changed: createChangeCheck(),
  }));
  #bars = LOSS_NODES.map((node) => ({ node, bar: createBar() }));
  #arrows = createArrows();
  /** @type {import("../palette.js").Palette | null} */
  #palette = null;
  /** @type {number | null} */
  #needle = null;
  /** @type {import("./bars.js").LossScale | null} */
  #scale = null;
  #revision = 0;
  /** @type {{z: unknown, box: Box}} */
  #noise = { z: null, box: [-1, 1, -1, 1] };

  /**
   * @param {PageStore} store
   * @param {AbortSignal} signal
   */
  constructor(store, signal) {
    this.#store = store;
    this.#signal = signal;
    this.#request = createPainter(() => this.#paint(), { signal });
    const tip = createTip();
    const nodes = [
      ...this.#thumbnails.map(({ node, canvas }) => createNode(node, node.isModel ? "model" : "data", canvas)),
      ...this.#bars.map(({ node, bar }) => createNode(node, "loss", bar.element)),
    ];
    tip.watch(nodes.map(({ element, help }) => ({ element, text: help })), { signal });
    this.element = make("div", { className: "overview", attributes: { "data-acting": "none" } }, [
      this.#arrows.element,
      ...nodes.map(({ element }) => element),
      tip.element,
    ]);
  }

  start() {
    const options = { signal: this.#signal };
    watchSize(this.element, () => this.#layOut(), options);
    // A title that wraps moves its picture without changing the graph's size.
    for (const child of this.element.querySelectorAll(".node")) watchSize(child, () => this.#layOut(), options);
    watchPalette((palette) => {
      this.#palette = palette;
      this.#request();
    }, options);
    watchFlow(this.#store, (actor) => (this.element.dataset.acting = actor), options);
    this.#store.subscribe(["frame", "history", "config", "catalog", "revision"], () => this.#request(), options);
  }

  #layOut() {
    for (const thumbnail of this.#thumbnails) thumbnail.side = thumbnail.canvas.clientWidth;
    this.#arrows.draw(this.element);
    this.#request();
  }

  #paint() {
    const state = this.#store.get();
    if (state.revision !== this.#revision) {
      this.#revision = state.revision;
      this.#needle = null;
      this.#scale = null;
    }
    this.#paintLosses(state.history);
    const scene = buildScene(state);
    const palette = this.#palette;
    if (!scene || !palette) return;
    const gradients = scene.arrays.gradients;
    if (gradients) this.#needle = chooseNeedle(gradients.data, this.#needle);
    for (const thumbnail of this.#thumbnails) this.#paintThumbnail(thumbnail, scene, palette);
  }

  /** @param {import("../history.js").History} history */
  #paintLosses(history) {
    const losses = this.#bars.map(({ node }) => findLast(history[node.column]));
    this.#scale = chooseScale(losses, this.#scale);
    for (const [i, { bar }] of this.#bars.entries()) bar.show(losses[i], this.#scale);
  }

  /**
   * @param {Thumbnail} thumbnail
   * @param {Scene} scene
   * @param {import("../palette.js").Palette} palette
   */
  #paintThumbnail({ node, canvas, side, changed }, scene, palette) {
    const needle = (this.#needle ?? 1) / NEEDLE_GAIN;
    const box = node.key === "noise" ? this.#frameNoise(scene) : scene.box;
    const parts = [palette, side, needle, globalThis.devicePixelRatio, ...listDependencies(scene, node.arrays)];
    if (!side || !changed(parts)) return;
    const scale = Math.max(SMALLEST_SCALE, Math.min(1, side / FULL_SIDE));
    paintCanvas(canvas, node.draw(scene), { box, width: side, height: side, scale, needle }, palette);
  }

  /**
   * @param {Scene} scene
   * @returns {Box}
   */
  #frameNoise({ arrays: { z } }) {
    if (z && z !== this.#noise.z) {
      this.#noise = { z, box: frameNoise(z.shape[1] === 1 ? placeOnLine(z.data) : z.data) };
    }
    return this.#noise.box;
  }
}

/**
 * Make a node: a group with a name and a sentence, which can be focused.
 * @param {{key: string, title: string, help: string, player?: string}} node
 * @param {"model" | "data" | "loss"} sort
 * @param {HTMLElement} content
 */
function createNode({ key, title, help, player }, sort, content) {
  const helpId = `overview-help-${key}`;
  const element = make(
    "div",
    {
      className: `node node-${sort} node-${key}${player ? ` of-${player}` : ""}`,
      tabIndex: 0,
      attributes: { role: "group", "aria-label": title, "aria-describedby": helpId, "data-node": key },
    },
    [
      make("span", { className: "node-title", textContent: title }),
      content,
      make("span", { className: "visually-hidden", id: helpId, textContent: help }),
    ],
  );
  return { element, help };
}
