/**
 * The one module that touches the plotting library: it loads by itself, after the page, and pictures do without it
 * until it is there.
 *
 * Its types are no part of the page, so the few that are used are written down here.
 */

/**
 * @typedef {Record<string, unknown>} Trace
 * @typedef {Record<string, unknown>} Layout
 * @typedef {Record<string, unknown>} Config
 * @typedef {{data: readonly Trace[], layout: Layout, config?: Config}} Figure
 * @typedef {{format: "png" | "svg", width: number, height: number, scale?: number, filename: string}} ImageOptions
 *
 * @typedef {object} Library
 * @property {(element: HTMLElement, data: readonly Trace[], layout: Layout, config: Config) => Promise<unknown>} react
 * @property {(element: HTMLElement, change: Layout) => Promise<unknown>} relayout
 * @property {(element: HTMLElement) => void} purge
 * @property {(figure: Figure, options: ImageOptions) => Promise<unknown>} downloadImage
 *
 * @typedef {HTMLElement & {on: (event: string, listener: () => void) => void}} PlotElement
 */

const SCRIPT = 'script[src*="plotly"]';

/** What every plot is told: no buttons that send data away, no advertisement, quiet tools. */
const CONFIG = { displaylogo: false, showSendToCloud: false, displayModeBar: false, responsive: false, showTips: false };

/** @returns {Library | undefined} */
function findLibrary() {
  const place = /** @type {{Plotly?: Library}} */ (globalThis);
  return place.Plotly;
}

/**
 * Wait until plots can be made.
 * @returns {Promise<boolean>} false where the library cannot be loaded, or is broken
 */
export function loadPlots() {
  const script = document.querySelector(SCRIPT);
  // A document is complete once all its scripts have come or failed: this one may have failed before we could listen.
  if (findLibrary() || !script || document.readyState === "complete") return Promise.resolve(Boolean(findLibrary()));
  return new Promise((resolve) => {
    const settle = () => resolve(Boolean(findLibrary()));
    for (const type of ["load", "error"]) script.addEventListener(type, settle, { once: true });
    globalThis.addEventListener("load", settle, { once: true });
  });
}

/**
 * Show a figure in an element, or change the one that is there.
 * @param {HTMLElement} element
 * @param {Figure} figure
 */
export async function showFigure(element, { data, layout, config }) {
  await findLibrary()?.react(element, data, layout, { ...CONFIG, ...config });
}

/**
 * Change the layout alone.
 * @param {HTMLElement} element
 * @param {Layout} change
 */
export async function changeLayout(element, change) {
  await findLibrary()?.relayout(element, change);
}

/**
 * Hear of zooms and pans, while they last and when they are done, and of double clicks.
 * @param {HTMLElement} element an element that shows a figure
 * @param {{zoom: () => void, doubleClick: () => void}} listeners
 */
export function listenToPlot(element, { zoom, doubleClick }) {
  const plot = /** @type {PlotElement} */ (element);
  plot.on("plotly_relayouting", zoom);
  plot.on("plotly_relayout", zoom);
  plot.on("plotly_doubleclick", doubleClick);
}

/**
 * Free what a figure holds.
 * @param {HTMLElement} element
 */
export function removeFigure(element) {
  findLibrary()?.purge(element);
}

/**
 * Save a figure as a file.
 * @param {Figure} figure
 * @param {ImageOptions} options
 */
export async function saveFigure(figure, options) {
  await findLibrary()?.downloadImage(figure, options);
}

/**
 * Read what a figure shows now, also in the middle of a drag; none where there is no figure.
 * @param {HTMLElement} element
 * @returns {import("../layers/marks.js").Box | null}
 */
export function readAxes(element) {
  const { _fullLayout: layout } = /** @type {{_fullLayout?: Record<string, {range: [number, number]}>}} */ (
    /** @type {unknown} */ (element)
  );
  return layout?.xaxis ? [...layout.xaxis.range, ...layout.yaxis.range] : null;
}

/**
 * Read how a figure is zoomed.
 * @param {HTMLElement} element
 * @returns {{range: readonly [number, number] | null, isZoomed: boolean}} `range` along x; none where it shows all of x
 */
export function readZoom(element) {
  const { _fullLayout: layout } =
    /** @type {{_fullLayout?: Record<"xaxis" | "yaxis", {autorange: unknown, range: [number, number]}>}} */ (
      /** @type {unknown} */ (element)
    );
  if (!layout?.xaxis) return { range: null, isZoomed: false };
  const { xaxis, yaxis } = layout;
  return { range: xaxis.autorange ? null : xaxis.range, isZoomed: !xaxis.autorange || !yaxis.autorange };
}
