/**
 * The layered view: one canvas a layer, under a plot's axes.
 *
 * While the run trains, the canvases are all there is. When it is still, the plot holds the same layers as traces:
 * invisible, because the canvases show them, but hovering finds their values. Exports draw those traces.
 */

import { CHOSEN, findNearest } from "../layers/chosen.js";
import { measureDimension } from "../layers/dimension.js";
import { chooseNeedle } from "../layers/gradients.js";
import { LAYERS } from "../layers/layers.js";
import { formatCount } from "../layers/numbers.js";
import { findPicture } from "../layers/pictures.js";
import { buildScene, listDependencies } from "../layers/scene.js";
import { listShown } from "../layers/switch.js";
import { watchPalette } from "../palette.js";
import { needlePixels, paintCanvas } from "./canvas.js";
import { make, readFont, setText, watchSize } from "./elements.js";
import { layOutExport, layOutFrame, measureMargin } from "./layered_frame.js";
import { createLegend } from "./layered_legend.js";
import { listenToKeys } from "./layered_keys.js";
import { describeFrame } from "./line_frame.js";
import { createCaption, createLayerBoxes, describePicture } from "./layered_parts.js";
import { createChangeCheck, createPainter } from "./painter.js";
import { changeLayout, listenToPlot, loadPlots, readAxes, removeFigure, saveFigure, showFigure } from "./plotly.js";
import { listenToTaps } from "./taps.js";
import { createSaveTools, createTools } from "./tools.js";
import { makeTraces } from "./traces.js";
import { panBox, project, sameBox, zoomBox } from "./view.js";

/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../layers/layers.js").PictureKey} PictureKey */
/** @typedef {import("../state.js").PageStore} PageStore */

/** The side of the square at which marks have their full size, in pixels. */
const FULL_SIDE = 440;
const ZOOM = 0.8;
/** So near to a sample is a tap on it, in pixels. */
const REACH = 12;
/** The canvases: the layers, and on top of them what is always there, the marked sample. */
const CANVASES = [...LAYERS, CHOSEN].map(({ key }) => key);
/** How long nothing must change before the plot gets its traces, in ms: they take longer than a step. */
const STILL_DELAY = 150;
const SUMMARY_DELAY = 2000;
const WITHOUT_PLOTS =
  "plotly.js could not be loaded. The picture goes on without axes, without values under the pointer, and cannot be saved.";
/** An application, because the arrow keys act on it; what it shows is told by its description. */
const STAGE_WORDS = {
  role: "application",
  "aria-label": "Layered picture",
  "aria-describedby": "layered-summary layered-keys",
};

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
  #plot = make("div", { className: "layered-plot", attributes: { "aria-hidden": "true" } });
  #canvases = CANVASES.map((key) => make("canvas", { className: "layered-canvas", attributes: { "data-layer": key } }));
  #changes = CANVASES.map(createChangeCheck);
  #caption = createCaption();
  #stage = make(
    "div",
    { className: "layered-stage is-empty", tabIndex: 0, attributes: STAGE_WORDS },
    [...this.#canvases, this.#plot],
  );
  #absence = make("p", { className: "picture-absence", attributes: { role: "status" } });
  #saving;
  /** @type {import("../palette.js").Palette | null} */
  #palette = null;
  /** @type {Box | null} the run's box */
  #home = null;
  /** @type {Box | null} what is seen of it */
  #box = null;
  #picture = findPicture(2);
  #keys = make("p", { className: "visually-hidden", id: "layered-keys", textContent: this.#picture.keys });
  /** What the plot's frame was made of. */
  #frame = createChangeCheck();
  #side = 0;
  #margin = measureMargin(0);
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
    const look = {
      pan: (/** @type {readonly [number, number]} */ way) => this.#look(this.#box && panBox(this.#box, way)),
      zoomIn: () => this.#look(this.#box && zoomBox(this.#box, ZOOM)),
      zoomOut: () => this.#look(this.#box && zoomBox(this.#box, 1 / ZOOM)),
      reset: () => this.#look(this.#home),
    };
    listenToKeys(this.#stage, look, { signal });
    listenToTaps(this.#stage, (event) => this.#inspect(event), { signal });
    const tools = createTools(
      [
        { name: "Zoom in", text: "+", press: look.zoomIn },
        { name: "Zoom out", text: "−", press: look.zoomOut },
        { name: "Reset view", text: "Reset view", press: look.reset },
      ],
      { signal },
    );
    this.#saving = createSaveTools((format) => this.#save(format), { signal });
    const boxes = createLayerBoxes(store, { signal });
    this.element = make("div", { className: "layered" }, [
      boxes,
      this.#stage,
      this.#absence,
      make("div", { className: "layered-foot" }, [
        this.#caption.element,
        make("div", { className: "picture-tool-rows" }, [tools, this.#saving.element]),
      ]),
      createLegend(store, { signal }),
      this.#caption.summary,
      this.#keys,
    ]);
  }

  start() {
    const options = { signal: this.#signal };
    watchSize(this.#stage, ({ width }) => this.#resize(width), options);
    watchPalette((palette) => {
      this.#palette = palette;
      this.#refresh();
    }, options);
    const causes = /** @type {const} */ (["frame", "status", "config", "catalog", "layersOn", "chosen"]);
    this.#store.subscribe(causes, () => this.#refresh(), options);
    this.#signal.addEventListener("abort", () => {
      clearTimeout(this.#stillTimer);
      removeFigure(this.#plot);
    });
    loadPlots().then((loaded) => {
      if (this.#signal.aborted) return;
      this.#hasPlots = loaded;
      if (loaded) this.#saving.enable();
      else setText(this.#absence, WITHOUT_PLOTS);
      this.#refresh();
    });
  }

  /** @param {number} width of the stage */
  #resize(width) {
    const { left, right, top, bottom } = (this.#margin = measureMargin(this.#font.size));
    this.#side = Math.max(0, Math.floor(width) - left - right);
    this.#stage.style.setProperty("block-size", `${this.#side + top + bottom}px`);
    for (const [edge, size] of Object.entries(this.#margin)) this.#stage.style.setProperty(`--margin-${edge}`, `${size}px`);
    this.#refresh();
  }

  /** Paint in the next animation frame, and bring the plot up to date when all is still. */
  #refresh() {
    const { frame, revision } = this.#store.get();
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#needle = null;
    }
    if (frame) {
      const dimension = measureDimension(frame.arrays);
      this.#picture = findPicture(dimension);
      this.element.dataset.dimension = String(dimension);
      setText(this.#keys, this.#picture.keys);
    }
    const box = frame && this.#picture.frame(frame.box);
    if (box && !sameBox(this.#home, box)) {
      // A link says what is seen of its run; what was seen of another run's data is no view of these.
      const isFirst = this.#home === null;
      this.#home = box;
      this.#see((isFirst && this.#store.get().view) || box);
    }
    this.#request();
    this.#requestFigure();
  }

  #requestFigure() {
    clearTimeout(this.#stillTimer);
    if (!this.#hasPlots || !this.#box || !this.#side) return;
    const still = this.#store.get().status?.state !== "running";
    const isOther = this.#frame([this.#side, this.#palette, JSON.stringify(this.#describeFrame())]);
    if (still) this.#stillTimer = setTimeout(() => this.#showFigure(true), this.#isListening ? STILL_DELAY : 0);
    else if (isOther || this.#hasTraces || !this.#isListening || !sameBox(readAxes(this.#plot), this.#box)) this.#showFigure(false);
  }

  #describeFrame() {
    const scene = buildScene(this.#store.get());
    return scene && describeFrame(scene, listShown(this.#store.get()));
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
    const [side, margin] = [this.#side, this.#margin];
    const layout = layOutFrame({ box, side, margin, palette, font: this.#font, line: this.#describeFrame() });
    showFigure(this.#plot, { data, layout, config: { doubleClick: false } });
    if (this.#isListening) return;
    this.#isListening = true;
    listenToPlot(this.#plot, { zoom: () => this.#followZoom(), doubleClick: () => this.#look(this.#home) });
  }

  /** @param {Box} asked */
  #see(asked) {
    const box = this.#home ? this.#picture.hold(asked, this.#home) : asked;
    this.#box = box;
    this.#store.set({ view: sameBox(box, this.#home) ? null : box });
  }

  #followZoom() {
    const box = readAxes(this.#plot);
    if (!box || sameBox(box, this.#box)) return;
    this.#see(box);
    this.#refresh();
  }

  /** @param {Box | null} box what to look at now */
  #look(box) {
    if (!box) return;
    this.#see(box);
    const [x0, x1, y0, y1] = this.#box ?? box;
    if (this.#isListening) changeLayout(this.#plot, { "xaxis.range": [x0, x1], "yaxis.range": [y0, y1] });
    this.#refresh();
  }

  #paint() {
    const { frame, status } = this.#store.get();
    const shown = listShown(this.#store.get());
    const [palette, view, scene] = [this.#palette, this.#buildView(this.#side), buildScene(this.#store.get())];
    // Between two runs the last picture stays for the moment until the new one comes.
    if (!palette || !view || !scene || !frame) return;
    this.#stage.classList.remove("is-empty");
    const gradients = scene.arrays.gradients;
    // A scale that outlasts a step is calmer while training; at rest the picture follows from the step alone.
    const former = status?.state === "running" ? this.#needle : null;
    if (gradients) view.needle = this.#needle = chooseNeedle(gradients, former);
    const ratio = globalThis.devicePixelRatio;
    [...this.#picture.layers, this.#picture.chosen].forEach((layer, i) => {
      const on = layer === this.#picture.chosen ? scene.chosen : shown.has(/** @type {PictureKey} */ (layer.key));
      const parts = [on, palette, ratio, view.width, view.needle, ...view.box, ...listDependencies(scene, layer.arrays)];
      if (this.#changes[i](parts)) paintCanvas(this.#canvases[i], on ? layer.draw(scene) : [], view, palette);
    });
    this.#caption.show(scene, { shown, needle: view.needle, needlePixels: needlePixels(view) });
    const now = performance.now();
    if (status?.state === "running" && now - this.#summaryTime < SUMMARY_DELAY) return;
    this.#summaryTime = now;
    this.#caption.summarize(describePicture(scene, frame.step));
  }

  /**
   * Look into the generated sample at a place, if there is one to be seen.
   * @param {PointerEvent} event
   */
  #inspect({ clientX, clientY }) {
    const scene = buildScene(this.#store.get());
    const [view, points] = [this.#buildView(this.#side), scene && this.#picture.placeGenerated(scene)];
    if (!view || !points || !this.#store.get().layersOn.has("generated")) return;
    const { left, top } = this.#stage.getBoundingClientRect();
    const place = /** @type {const} */ ([clientX - left - this.#margin.left, clientY - top - this.#margin.top]);
    const index = findNearest(points, project(view), place, REACH);
    if (index !== null) this.#store.set({ inspected: { kind: "sample", index } });
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
    const shown = listShown(this.#store.get());
    const { layers, chosen } = this.#picture;
    const marks = layers.filter((layer) => shown.has(layer.key)).flatMap((layer) => layer.draw(scene));
    return [...marks, ...chosen.draw(scene)].flatMap((mark) => makeTraces(mark, view, palette));
  }

  /** @param {"png" | "svg"} format */
  #save(format) {
    const [palette, box, step] = [this.#palette, this.#box, this.#store.get().frame?.step ?? 0];
    if (!palette || !box || !this.#hasPlots) return;
    const margin = this.#margin;
    const layout = layOutExport({ box, margin, palette, font: this.#font, line: this.#describeFrame() }, `Step ${formatCount(step)}`);
    const { width, height } = /** @type {{width: number, height: number}} */ (layout);
    const data = this.#makeTraces(900).map((trace) => (trace.type === "heatmap" ? { ...trace, zsmooth: "best" } : trace));
    saveFigure({ data, layout }, { format, width, height, filename: `gan-step-${step}` });
  }

  get #font() {
    return readFont(this.#stage);
  }
}
