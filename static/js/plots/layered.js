/**
 * The layered view: one canvas a layer, under a plot's axes.
 *
 * While the run trains, the canvases are all there is. When it is still, the plot holds the same layers as traces:
 * invisible, because the canvases show them, but hovering finds their values. Exports draw those traces.
 */

import { chooseNeedle } from "../layers/gradients.js";
import { LAYERS } from "../layers/layers.js";
import { formatCount } from "../layers/numbers.js";
import { buildScene, listDependencies } from "../layers/scene.js";
import { watchPalette } from "../palette.js";
import { needlePixels, paintCanvas } from "./canvas.js";
import { make, readFont, watchSize } from "./elements.js";
import { layOutExport, layOutFrame, MARGIN } from "./layered_frame.js";
import { createLegend } from "./layered_legend.js";
import { createCaption, createLayerBoxes, createTools, describePicture } from "./layered_parts.js";
import { createChangeCheck, createPainter } from "./painter.js";
import { changeLayout, listenToPlot, loadPlots, readAxes, removeFigure, saveFigure, showFigure } from "./plotly.js";
import { makeTraces } from "./traces.js";
import { sameBox, zoomBox } from "./view.js";

/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../state.js").PageStore} PageStore */

/** The side of the square at which marks have their full size, in pixels. */
const FULL_SIDE = 440;
const ZOOM = 0.8;
/** How long nothing must change before the plot gets its traces, in ms: they take longer than a step. */
const STILL_DELAY = 150;
const SUMMARY_DELAY = 2000;

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createLayeredView(root, store, { signal }) {
  const view = new LayeredView(store, signal);
  root.append(view.element);
  view.start();
}

class LayeredView {
  #store;
  #signal;
  #request;
  #plot = make("div", { className: "layered-plot" });
  #canvases = LAYERS.map((layer) => make("canvas", { className: "layered-canvas", attributes: { "data-layer": layer.key } }));
  #changes = LAYERS.map(createChangeCheck);
  #caption = createCaption();
  #stage = make(
    "div",
    { className: "layered-stage is-empty", attributes: { role: "img", "aria-labelledby": this.#caption.summary.id } },
    [...this.#canvases, this.#plot],
  );
  /** @type {import("../palette.js").Palette | null} */
  #palette = null;
  /** @type {Box | null} the run's box */
  #home = null;
  /** @type {Box | null} what is seen of it */
  #box = null;
  #side = 0;
  /** @type {number | null} */
  #needle = null;
  #revision = 0;
  #hasPlots = false;
  #hasTraces = false;
  #isListening = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #stillTimer;
  #summaryTime = 0;

  /**
   * @param {PageStore} store
   * @param {AbortSignal} signal
   */
  constructor(store, signal) {
    this.#store = store;
    this.#signal = signal;
    this.#request = createPainter(() => this.#paint(), { signal });
    const tools = createTools(
      [
        { name: "Zoom in", text: "+", press: () => this.#look(this.#box && zoomBox(this.#box, ZOOM)) },
        { name: "Zoom out", text: "−", press: () => this.#look(this.#box && zoomBox(this.#box, 1 / ZOOM)) },
        { name: "Reset view", text: "Reset view", press: () => this.#look(this.#home) },
        { name: "Save picture as PNG", text: "PNG", press: () => this.#save("png") },
        { name: "Save picture as SVG", text: "SVG", press: () => this.#save("svg") },
      ],
      { signal },
    );
    const boxes = createLayerBoxes(store, { signal });
    this.element = make("div", { className: "layered" }, [
      boxes,
      this.#stage,
      make("div", { className: "layered-foot" }, [this.#caption.element, tools]),
      createLegend(store, { signal }),
      this.#caption.summary,
    ]);
  }

  start() {
    const options = { signal: this.#signal };
    watchSize(this.#stage, ({ width }) => this.#resize(width), options);
    watchPalette((palette) => {
      this.#palette = palette;
      this.#refresh();
    }, options);
    this.#store.subscribe(["frame", "status", "config", "catalog", "layersOn"], () => this.#refresh(), options);
    this.#signal.addEventListener("abort", () => {
      clearTimeout(this.#stillTimer);
      removeFigure(this.#plot);
    });
    loadPlots().then((loaded) => {
      this.#hasPlots = loaded && !this.#signal.aborted;
      this.#refresh();
    });
  }

  /** @param {number} width of the stage */
  #resize(width) {
    this.#side = Math.max(0, Math.floor(width) - MARGIN.left - MARGIN.right);
    this.#stage.style.setProperty("block-size", `${this.#side + MARGIN.top + MARGIN.bottom}px`);
    this.#refresh();
  }

  /** Paint in the next animation frame, and bring the plot up to date when all is still. */
  #refresh() {
    const { frame, revision } = this.#store.get();
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#needle = null;
    }
    const box = frame?.box;
    if (box && !sameBox(this.#home, box)) {
      this.#home = box;
      this.#box = box;
    }
    this.#request();
    this.#requestFigure();
  }

  #requestFigure() {
    clearTimeout(this.#stillTimer);
    if (!this.#hasPlots || !this.#box || !this.#side) return;
    const still = this.#store.get().status?.state !== "running";
    if (still) this.#stillTimer = setTimeout(() => this.#showFigure(true), this.#isListening ? STILL_DELAY : 0);
    else if (this.#hasTraces || !this.#isListening || !sameBox(readAxes(this.#plot), this.#box)) this.#showFigure(false);
  }

  /**
   * Give the plot its frame, and the layers' traces if wanted.
   * @param {boolean} withTraces
   */
  #showFigure(withTraces) {
    const [box, palette] = [this.#box, this.#palette];
    if (!box || !palette) return;
    this.#hasTraces = withTraces;
    const data = withTraces ? this.#makeTraces(this.#side).map((trace) => ({ ...trace, opacity: 0 })) : [];
    const layout = layOutFrame({ box, side: this.#side, palette, font: this.#font });
    showFigure(this.#plot, { data, layout, config: { doubleClick: false } });
    if (this.#isListening) return;
    this.#isListening = true;
    listenToPlot(this.#plot, { zoom: () => this.#followZoom(), doubleClick: () => this.#look(this.#home) });
  }

  #followZoom() {
    const box = readAxes(this.#plot);
    if (!box || sameBox(box, this.#box)) return;
    this.#box = box;
    this.#refresh();
  }

  /** @param {Box | null} box what to look at now */
  #look(box) {
    if (!box) return;
    this.#box = box;
    const [x0, x1, y0, y1] = box;
    if (this.#isListening) changeLayout(this.#plot, { "xaxis.range": [x0, x1], "yaxis.range": [y0, y1] });
    this.#refresh();
  }

  #paint() {
    const { layersOn, frame, status } = this.#store.get();
    const [palette, view, scene] = [this.#palette, this.#buildView(this.#side), buildScene(this.#store.get())];
    // Between two runs the last picture stays for the moment until the new one comes.
    if (!palette || !view || !scene || !frame) return;
    this.#stage.classList.remove("is-empty");
    const gradients = scene.arrays.gradients;
    if (gradients) view.needle = this.#needle = chooseNeedle(gradients.data, this.#needle);
    const ratio = globalThis.devicePixelRatio;
    LAYERS.forEach((layer, i) => {
      const on = layersOn.has(layer.key);
      const parts = [on, palette, ratio, view.width, view.needle, ...view.box, ...listDependencies(scene, layer.arrays)];
      if (this.#changes[i](parts)) paintCanvas(this.#canvases[i], on ? layer.draw(scene) : [], view, palette);
    });
    this.#caption.show(scene, { layersOn, needle: view.needle, needlePixels: needlePixels(view) });
    const now = performance.now();
    if (status?.state === "running" && now - this.#summaryTime < SUMMARY_DELAY) return;
    this.#summaryTime = now;
    this.#caption.summarize(describePicture(scene, frame.step));
  }

  /**
   * @param {number} side
   * @returns {import("./view.js").View | null}
   */
  #buildView(side) {
    if (!this.#box || side <= 0) return null;
    const scale = Math.max(0.7, Math.min(1.6, side / FULL_SIDE));
    return { box: this.#box, width: side, height: side, scale, needle: this.#needle ?? 1 };
  }

  /** @param {number} side */
  #makeTraces(side) {
    const [palette, view, scene] = [this.#palette, this.#buildView(side), buildScene(this.#store.get())];
    if (!palette || !view || !scene) return [];
    const { layersOn } = this.#store.get();
    const marks = LAYERS.filter((layer) => layersOn.has(layer.key)).flatMap((layer) => layer.draw(scene));
    return marks.flatMap((mark) => makeTraces(mark, view, palette));
  }

  /** @param {"png" | "svg"} format */
  #save(format) {
    const [palette, box, step] = [this.#palette, this.#box, this.#store.get().frame?.step ?? 0];
    if (!palette || !box || !this.#hasPlots) return;
    const layout = layOutExport({ box, palette, font: this.#font }, `Step ${formatCount(step)}`);
    const { width, height } = /** @type {{width: number, height: number}} */ (layout);
    const data = this.#makeTraces(900).map((trace) => (trace.type === "heatmap" ? { ...trace, zsmooth: "best" } : trace));
    saveFigure({ data, layout }, { format, width, height, filename: `gan-step-${step}` });
  }

  get #font() {
    return readFont(this.#stage);
  }
}
