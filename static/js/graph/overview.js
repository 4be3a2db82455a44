/** The model overview: a graph of live pictures, joined by arrows along which data and gradients flow. */

import { findDimension } from "../layers/dimension.js";
import { BAR_FRACTION, chooseNeedle } from "../layers/gradients.js";
import { formatNumber } from "../layers/numbers.js";
import { frameNoise, placeOnLine } from "../layers/samples.js";
import { buildScene, listDependencies } from "../layers/scene.js";
import { explainAbsence, listShown, switchLayer } from "../layers/switch.js";
import { watchPalette } from "../palette.js";
import { paintCanvas } from "../plots/canvas.js";
import { make, setText, watchSize } from "../plots/elements.js";
import { createChangeCheck, createPainter } from "../plots/painter.js";
import { findPhase } from "../slow/captions.js";
import { readLosses } from "../time/past.js";
import { createArrows } from "./arrows.js";
import { chooseScale, createBar } from "./bars.js";
import { watchFlow } from "./flow.js";
import { findNode, frameNode } from "./line_nodes.js";
import { createLookButton, listenToLooks } from "./looks.js";
import { LOSS_NODES, PICTURE_NODES } from "./nodes.js";
import { watchPart } from "./part.js";
import { createGraphTools } from "./save.js";
import { watchPointed, watchSpotlight } from "./spotlight.js";
import { createTip } from "./tip.js";
import { watchUnfolding } from "./unfolding.js";

/** @typedef {import("../layers/marks.js").Scene} Scene */
/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @typedef {object} Thumbnail
 * @property {import("./nodes.js").PictureNode} node
 * @property {HTMLCanvasElement} canvas
 * @property {number} side
 * @property {(parts: readonly unknown[]) => boolean} changed
 * @property {() => number | null} measureWay how far its unfolding is; none while it shows what is so
 */

/** The side of a square at which marks have their full size, in pixels; a thumbnail's are smaller. */
const FULL_SIDE = 210;
const SMALLEST_SCALE = 0.42;
/** The nodes that show noise, which has no box of its own. */
const NOISY = ["noise", "encoder"];
/** So much longer than in the large picture are a thumbnail's needles; the scale below them says how long. */
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
  createGraphTools(/** @type {HTMLElement} */ (root.parentElement), overview.element, store, { signal });
}

class Overview {
  #store;
  #signal;
  #request;
  /** @type {Thumbnail[]} */
  #thumbnails = PICTURE_NODES.map((node) => ({
    node,
    canvas: make("canvas", { className: "node-picture", attributes: { "aria-hidden": "true" } }),
    side: 0,
    changed: createChangeCheck(),
    measureWay: () => null,
  }));
  #bars = LOSS_NODES.map((node) => ({ node, bar: createBar() }));
  #needleScale = createNeedleScale();
  #arrows = createArrows();
  /** @type {import("../palette.js").Palette | null} */
  #palette = null;
  /** @type {number | null} */
  #needle = null;
  /** @type {import("./bars.js").LossScale | null} */
  #scale = null;
  #revision = 0;
  /** @type {{z: unknown, count: number, box: Box}} */
  #noise = { z: null, count: 0, box: [-1, 1, -1, 1] };

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
    tip.watch(nodes.map(({ element, help }) => ({ element, read: () => help.textContent })), { signal });
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
    for (const thumbnail of this.#thumbnails) this.#startNode(thumbnail);
    watchPalette((palette) => {
      this.#palette = palette;
      this.#request();
    }, options);
    watchFlow(this.#store, (actor) => (this.element.dataset.acting = actor), options);
    watchSpotlight(this.element, this.#store, options);
    watchPointed(this.element, this.#store, options);
    watchPart(this.element, this.#store, options);
    listenToLooks(this.element, (node) => this.#store.set({ inspected: { kind: "node", node } }), options);
    this.#store.subscribe(["frame", "history", "status", "slow", "config", "catalog", "revision"], () => this.#request(), options);
  }

  /** @param {Thumbnail} thumbnail */
  #startNode(thumbnail) {
    const { node, canvas } = thumbnail;
    const options = { signal: this.#signal };
    const element = /** @type {HTMLElement} */ (canvas.closest(".node"));
    if (node.unfold) thumbnail.measureWay = watchUnfolding(element, this.#request, options).measure;
    const help = element.querySelector(`#${nameHelp(node.key)}`);
    this.#store.subscribe(["catalog", "config"], (state) => {
      if (help) setText(help, findNode(node, findDimension(state)).help);
    }, options);
    if (node.key === "g-gradients") element.append(this.#needleScale.element);
    if (node.layer) element.append(createLayerBox(node.layer, this.#store, options));
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
      this.#noise = { ...this.#noise, count: 0 };
    }
    this.#paintLosses(state);
    const scene = buildScene(state);
    const palette = this.#palette;
    if (!scene || !palette) return;
    const gradients = scene.arrays.gradients;
    if (gradients) this.#needle = chooseNeedle(gradients, isTraining(state) ? this.#needle : null);
    this.#needleScale.element.hidden = !gradients;
    this.#needleScale.show((this.#needle ?? 1) / NEEDLE_GAIN);
    for (const thumbnail of this.#thumbnails) this.#paintThumbnail(thumbnail, scene, palette);
  }

  /** @param {import("../state.js").PageState} state */
  #paintLosses(state) {
    // Inside a step the losses are those of the step so far: the rows of the history are whole steps.
    const phase = findPhase(state);
    const present = readLosses(state);
    const losses = this.#bars.map(({ node }) => phase?.[node.column] ?? present[node.column]);
    this.#scale = chooseScale(losses, isTraining(state) ? this.#scale : null);
    for (const [i, { bar }] of this.#bars.entries()) bar.show(losses[i], this.#scale);
  }

  /**
   * @param {Thumbnail} thumbnail
   * @param {Scene} scene
   * @param {import("../palette.js").Palette} palette
   */
  #paintThumbnail({ node, canvas, side, changed, measureWay }, scene, palette) {
    const needle = (this.#needle ?? 1) / NEEDLE_GAIN;
    const { draw, unfold } = findNode(node, scene.dimension);
    const box = NOISY.includes(node.key) ? this.#frameNoise(scene) : frameNode(node.key, scene);
    const way = measureWay();
    const parts = [palette, side, needle, way, globalThis.devicePixelRatio, ...listDependencies(scene, node.arrays)];
    if (!side || !changed(parts)) return;
    const scale = Math.max(SMALLEST_SCALE, Math.min(1, side / FULL_SIDE));
    const marks = unfold && way !== null ? unfold(scene, way) : draw(scene);
    paintCanvas(canvas, marks, { box, width: side, height: side, scale, needle }, palette);
  }

  /**
   * @param {Scene} scene
   * @returns {Box}
   */
  #frameNoise({ arrays: { z } }) {
    const [count = 0, dimension] = z?.shape ?? [];
    // Fewer samples of the same noise, as a run that plays may show, stand where they stood.
    if (z && z !== this.#noise.z && count >= this.#noise.count) {
      this.#noise = { z, count, box: frameNoise(dimension === 1 ? placeOnLine(z.data) : z.data) };
    }
    return this.#noise.box;
  }
}

/** Make the needle that is as long as the scale's, and its number. */
function createNeedleScale() {
  const bar = make("span", { className: "key-needle" });
  const text = make("span");
  bar.style.setProperty("inline-size", `${100 * BAR_FRACTION}%`);
  return {
    element: make("span", { className: "node-scale", title: "A needle of this length, in loss per unit" }, [bar, text]),
    /** @param {number} needle in loss per unit */
    show(needle) {
      setText(text, `= ${formatNumber(needle)}`);
    },
  };
}

/**
 * Make the checkbox of the layer that shows a node's picture large.
 * @param {NonNullable<import("./nodes.js").PictureNode["layer"]>} layer
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
function createLayerBox({ key, name }, store, { signal }) {
  const box = make("input", { type: "checkbox", attributes: { "aria-label": name } });
  box.addEventListener("change", () => switchLayer(store, key, box.checked), { signal });
  store.subscribe(
    ["catalog", "config", "layersOn"],
    (state) => {
      box.checked = listShown(state).has(key);
      box.disabled = explainAbsence(state, key) !== "";
    },
    { signal },
  );
  return make("label", { className: "node-layer", title: `${name} in the layered view` }, [box]);
}

/**
 * Make a node: a group with a name and a sentence, which can be focused.
 * @param {{key: string, title: string, help: string, player?: string}} node
 * @param {"model" | "data" | "loss"} sort
 * @param {HTMLElement} content
 */
function createNode({ key, title, help: text, player }, sort, content) {
  const help = make("span", { className: "visually-hidden", id: nameHelp(key), textContent: text });
  const element = make(
    "div",
    {
      className: `node node-${sort} node-${key}${player ? ` of-${player}` : ""}`,
      tabIndex: 0,
      attributes: { role: "group", "aria-label": title, "aria-describedby": help.id, "data-node": key },
    },
    [
      make("span", { className: "node-title", textContent: title }),
      content,
      createLookButton(key, title),
      help,
    ],
  );
  return { element, help };
}

/** @param {string} key of a node */
function nameHelp(key) {
  return `overview-help-${key}`;
}

/**
 * Whether the run trains: then a scale that serves is kept, and at rest the picture follows from the step alone.
 * @param {import("../state.js").PageState} state
 */
function isTraining({ status }) {
  return status?.state === "running";
}
