/** One chart: its legend of checkboxes, its plot, and the table of its last values. */

import { formatCount, formatNumber } from "../layers/numbers.js";
import { nameVerdict } from "../monitor/verdicts.js";
import { countBelow } from "../sorted.js";
import { findPastStep } from "../time/past.js";
import { identifyRun } from "../time/tree.js";
import { layOutChart, layOutChartExport, traceFailure, traceMarks, tracePresent, traceSeries, traceVerdicts } from "./chart_frame.js";
import { make, readFont, watchSize } from "./elements.js";
import { describeMark } from "./mark_words.js";
import { changeLayout, listenToPlot, readZoom, removeFigure, saveFigure, showFigure } from "./plotly.js";
import { createSaveTools } from "./tools.js";

/** @typedef {import("./chart_frame.js").Series} Series */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("../state.js").PageState} PageState */

/** @typedef {{series: Series[], state: Readonly<PageState>, palette: Palette}} View */

const TABLE_ROWS = 12;

export class Chart {
  #title;
  #listSeries;
  #askToDraw;
  #signal;
  #plot = make("div", { className: "chart-plot", attributes: { role: "img" } });
  #legend = make("div", { className: "chart-legend" });
  #body = make("tbody");
  #head = make("tr");
  #details;
  #reset;
  #saving;
  #hasPlots = false;
  /** What is shown, to be saved; none before the first drawing. @type {View | null} */
  #view = null;
  /** @type {Set<string>} */
  #hidden = new Set();
  #size = { width: 0, height: 0 };
  #isListening = false;

  /**
   * @param {string} title
   * @param {(state: Readonly<PageState>) => Series[]} listSeries
   * @param {() => void} askToDraw
   * @param {{signal: AbortSignal}} options
   */
  constructor(title, listSeries, askToDraw, { signal }) {
    this.#title = title;
    this.#listSeries = listSeries;
    this.#askToDraw = askToDraw;
    this.#signal = signal;
    const table = make("table", { className: "values" }, [
      make("caption", { className: "visually-hidden", textContent: `${title}: last values` }),
      make("thead", {}, [this.#head]),
      this.#body,
    ]);
    this.#details = make("details", { className: "chart-values" }, [
      make("summary", { textContent: "Last values" }),
      // With the columns of other branches it is wider than its place, and scrolled with the keys too.
      make("div", { className: "chart-scroll", tabIndex: 0, attributes: { role: "group", "aria-label": `Values: ${title}` } }, [table]),
    ]);
    this.#reset = make("button", { type: "button", className: "button quiet chart-reset", hidden: true });
    this.#reset.textContent = "Show all steps";
    this.#reset.addEventListener("click", () => this.#showAll(), { signal });
    this.#saving = createSaveTools((format) => this.#save(format), { signal, of: title, quiet: true });
    this.element = make("section", { className: "chart", attributes: { "aria-label": title } }, [
      make("div", { className: "chart-head" }, [make("h3", { textContent: title }), this.#legend]),
      this.#plot,
      make("div", { className: "chart-foot" }, [this.#details, this.#saving.element, this.#reset]),
    ]);
    this.#details.addEventListener("toggle", askToDraw, { signal });
    watchSize(this.#plot, ({ width, height }) => this.#resize(Math.floor(width), Math.floor(height)), { signal });
    signal.addEventListener("abort", () => removeFigure(this.#plot));
  }

  /** @param {boolean} loaded whether plots can be made; where none can, the numbers are all there is */
  begin(loaded) {
    this.#hasPlots = loaded;
    if (loaded) return this.#saving.enable();
    for (const part of [this.#plot, this.#legend, this.#saving.element]) part.hidden = true;
    this.#details.open = true;
  }

  /**
   * @param {Readonly<PageState>} state
   * @param {Palette} palette
   */
  draw(state, palette) {
    const series = this.#listSeries(state);
    this.#view = { series, state, palette };
    this.#drawLegend(series);
    if (this.#hasPlots && this.#size.width > 0) this.#drawPlot(this.#view);
    if (this.#details.open) this.#fillTable(series);
    this.#plot.setAttribute("aria-label", describeChart(this.#title, series, state));
  }

  /** @param {View} view */
  #drawPlot(view) {
    const { data, isZoomed, steps, floors, failure } = this.#trace(view);
    this.#showReset(isZoomed);
    // A branch goes on in the view of the run that it leaves.
    const run = identifyRun(view.state.tree);
    const [palette, font] = [view.palette, readFont(this.#plot)];
    showFigure(this.#plot, { data, layout: layOutChart({ ...this.#size, steps, run, palette, font, floors, failure }) });
    if (this.#isListening) return;
    this.#isListening = true;
    listenToPlot(this.#plot, { zoom: this.#askToDraw, doubleClick: () => undefined });
  }

  /**
   * What is drawn: the lines that are switched on within the steps that are looked at, and what happened there.
   * @param {View} view
   */
  #trace({ series, state: { marks, verdicts, revision, catalog, status }, palette }) {
    const failure = status?.revision === revision ? status.failure : null;
    const { range, isZoomed } = readZoom(this.#plot);
    const isShown = (/** @type {Series} */ { key }) => !this.#hidden.has(key);
    const lines = series.map((one) => traceSeries(one, { isShown: isShown(one), range, palette }));
    const past = findPastStep({ status });
    const events = [
      traceMarks(marks, catalog, palette),
      traceVerdicts(verdicts, catalog, palette),
      ...(failure ? [traceFailure(failure, palette)] : []),
      ...(past === null ? [] : [tracePresent(past, palette)]),
    ];
    const floors = series.filter((one) => one.floor !== undefined && isShown(one));
    const ends = series.map(({ steps }) => steps[steps.length - 1] ?? 0);
    const happened = [...marks.map(({ step }) => step), ...verdicts.map((verdict) => verdict.began_at)];
    const last = Math.max(0, ...ends, ...happened, failure?.step ?? 0, past ?? 0);
    /** @type {[number, number]} */
    const steps = isZoomed && range ? [range[0], range[1]] : [0, last];
    return { data: [...lines, ...events], floors, failure, range, steps, isZoomed };
  }

  /** @param {"png" | "svg"} format */
  #save(format) {
    if (!this.#view) return;
    const { palette, state } = this.#view;
    const { data, range, steps, floors, failure } = this.#trace(this.#view);
    const font = readFont(this.#plot);
    const run = identifyRun(state.tree);
    const layout = layOutChartExport({ steps, floors, failure, run, palette, font }, this.#title, range);
    const { width, height } = /** @type {{width: number, height: number}} */ (layout);
    const step = state.status?.step ?? 0;
    const filename = `gan-${this.#title.toLowerCase().replaceAll(" ", "-")}-step-${step}`;
    saveFigure({ data, layout }, { format, width, height, filename });
  }

  /** @param {boolean} isWanted only where it would change something */
  #showReset(isWanted) {
    // The focus must not fall off the page with a button that goes away.
    if (!isWanted && document.activeElement === this.#reset) this.#details.querySelector("summary")?.focus();
    this.#reset.hidden = !isWanted;
  }

  #showAll() {
    if (this.#isListening) changeLayout(this.#plot, { "xaxis.autorange": true, "yaxis.autorange": true });
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #resize(width, height) {
    this.#size = { width, height };
    this.#askToDraw();
  }

  /** @param {readonly Series[]} series one alone needs no legend */
  #drawLegend(series) {
    const wanted = series.length < 2 ? [] : series.map(({ key, name }) => `${key} ${name}`);
    const shown = /** @type {HTMLElement[]} */ ([...this.#legend.children]);
    for (const label of shown) if (!wanted.includes(label.dataset.series ?? "")) label.remove();
    const known = new Set(shown.map(({ dataset }) => dataset.series));
    for (const [i, id] of wanted.entries()) if (!known.has(id)) this.#legend.append(this.#makeKey(id, series[i]));
  }

  /**
   * @param {string} id
   * @param {Series} series
   */
  #makeKey(id, { key, name, colour, dash }) {
    const box = make("input", { type: "checkbox", checked: !this.#hidden.has(key), value: key });
    const className = `sign-line sign-line-${colour}${dash ? ` sign-line-${dash}` : ""}`;
    const sign = make("span", { className, attributes: { "aria-hidden": "true" } });
    box.addEventListener("change", () => this.#switchSeries(key, box.checked), { signal: this.#signal });
    return make("label", { className: "check chart-series", attributes: { "data-series": id } }, [box, sign, name]);
  }

  /**
   * @param {string} key
   * @param {boolean} on
   */
  #switchSeries(key, on) {
    if (on) this.#hidden.delete(key);
    else this.#hidden.add(key);
    this.#askToDraw();
  }

  /** @param {readonly Series[]} series the rows are those of the present branch, the first of them */
  #fillTable(series) {
    const names = ["Step", ...series.map(({ name }) => name)];
    this.#head.replaceChildren(...names.map((name) => make("th", { scope: "col", textContent: name })));
    const steps = series[0]?.steps ?? [];
    const rows = [];
    for (let i = steps.length - 1; i >= Math.max(0, steps.length - TABLE_ROWS); i -= 1) {
      const cells = series.map((one) => make("td", { textContent: formatNumber(readAt(one, Number(steps[i]))) }));
      rows.push(make("tr", {}, [make("th", { scope: "row", textContent: formatCount(steps[i]) }), ...cells]));
    }
    this.#body.replaceChildren(...rows);
  }
}

/**
 * A line's value at a step; NaN where it has none just there.
 * @param {Series} series
 * @param {number} step
 */
function readAt({ steps, values }, step) {
  const i = countBelow(steps, step);
  return steps[i] === step ? Number(values[i]) : NaN;
}

/**
 * Say in words where the lines end, for those who do not see them.
 * @param {string} title
 * @param {readonly Series[]} series
 * @param {number | null} past the step that the run went back to
 */
function describeSeries(title, series, past) {
  const steps = series[0]?.steps;
  if (!steps?.length) return `${title}: no values yet`;
  const ends = series.map(({ name, values }) => `${name} ${formatNumber(values[values.length - 1])}`);
  const where = past === null ? "now" : `you are at step ${formatCount(past)}; at the end`;
  return `${title} over ${formatCount(steps[steps.length - 1])} steps; ${where} ${ends.join(", ")}`;
}

/**
 * Say in words what a chart shows: where its lines end, what was changed last, what went wrong, and where it broke.
 * @param {string} title
 * @param {readonly Series[]} series
 * @param {Readonly<PageState>} state
 */
function describeChart(title, series, { marks, verdicts, catalog, status }) {
  const parts = [describeSeries(title, series, findPastStep({ status }))];
  const mark = marks.at(-1);
  if (mark) parts.push(`last change at step ${formatCount(mark.step)}: ${describeMark(mark, catalog).join(", ")}`);
  const verdict = verdicts.at(-1);
  if (verdict) parts.push(`${nameVerdict(verdict, catalog)} since step ${formatCount(verdict.began_at)}`);
  if (status?.failure) parts.push(status.failure.message);
  return parts.join("; ");
}
