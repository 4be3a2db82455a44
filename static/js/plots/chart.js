/** One chart: its legend of checkboxes, its plot, and the table of its last values. */

import { formatCount, formatNumber } from "../layers/numbers.js";
import { layOutChart, traceFailure, traceMarks, traceSeries } from "./chart_frame.js";
import { make, readFont, setText, watchSize } from "./elements.js";
import { describeMark } from "./mark_words.js";
import { changeLayout, listenToPlot, readZoom, removeFigure, showFigure } from "./plotly.js";

/** @typedef {import("./chart_frame.js").Series} Series */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("../state.js").PageState} PageState */

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
      make("div", { className: "chart-scroll" }, [table]),
    ]);
    const reset = make("button", { type: "button", className: "button quiet chart-reset", textContent: "Show all steps" });
    reset.addEventListener("click", () => this.#showAll(), { signal });
    this.element = make("section", { className: "chart", attributes: { "aria-label": title } }, [
      make("div", { className: "chart-head" }, [make("h3", { textContent: title }), this.#legend]),
      this.#plot,
      make("div", { className: "chart-foot" }, [this.#details, reset]),
    ]);
    this.#details.addEventListener("toggle", askToDraw, { signal });
    watchSize(this.#plot, ({ width, height }) => this.#resize(Math.floor(width), Math.floor(height)), { signal });
    signal.addEventListener("abort", () => removeFigure(this.#plot));
  }

  /**
   * @param {Readonly<PageState>} state
   * @param {Palette} palette
   */
  draw(state, palette) {
    const series = this.#listSeries(state);
    this.#drawLegend(series);
    if (this.#size.width > 0) this.#drawPlot(series, state, palette);
    if (this.#details.open) this.#fillTable(series);
    this.#plot.setAttribute("aria-label", describeChart(this.#title, series, state));
  }

  /**
   * @param {readonly Series[]} series
   * @param {Readonly<PageState>} state
   * @param {Palette} palette
   */
  #drawPlot(series, { marks, revision, catalog, status }, palette) {
    const failure = status?.revision === revision ? status.failure : null;
    const range = readZoom(this.#plot);
    const isShown = (/** @type {Series} */ { key }) => !this.#hidden.has(key);
    const data = series.map((one) => traceSeries(one, { isShown: isShown(one), range, palette }));
    const floors = series.filter((one) => one.floor !== undefined && isShown(one));
    const layout = layOutChart({ ...this.#size, revision, palette, font: readFont(this.#plot), floors, failure });
    const events = [traceMarks(marks, catalog, palette), ...(failure ? [traceFailure(failure, palette)] : [])];
    showFigure(this.#plot, { data: [...data, ...events], layout });
    if (this.#isListening) return;
    this.#isListening = true;
    listenToPlot(this.#plot, { zoom: this.#askToDraw, doubleClick: () => undefined });
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
    if (series.length < 2) return;
    const known = new Set([...this.#legend.querySelectorAll("input")].map(({ value }) => value));
    for (const { key, name, colour } of series) {
      if (known.has(key)) continue;
      const box = make("input", { type: "checkbox", checked: !this.#hidden.has(key), value: key });
      const sign = make("span", { className: `sign-line sign-line-${colour}`, attributes: { "aria-hidden": "true" } });
      box.addEventListener("change", () => this.#switchSeries(key, box.checked), { signal: this.#signal });
      this.#legend.append(make("label", { className: "check chart-series" }, [box, sign, name]));
    }
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

  /** @param {readonly Series[]} series */
  #fillTable(series) {
    const names = ["Step", ...series.map(({ name }) => name)];
    this.#head.replaceChildren(...names.map((name) => make("th", { scope: "col", textContent: name })));
    const steps = series[0]?.steps ?? [];
    const rows = [];
    for (let i = steps.length - 1; i >= Math.max(0, steps.length - TABLE_ROWS); i -= 1) {
      const cells = series.map(({ values }) => make("td", { textContent: formatNumber(values[i]) }));
      rows.push(make("tr", {}, [make("th", { scope: "row", textContent: formatCount(steps[i]) }), ...cells]));
    }
    this.#body.replaceChildren(...rows);
  }
}

/**
 * Say in words where the lines end, for those who do not see them.
 * @param {string} title
 * @param {readonly Series[]} series
 */
function describeSeries(title, series) {
  const steps = series[0]?.steps;
  if (!steps?.length) return `${title}: no values yet`;
  const ends = series.map(({ name, values }) => `${name} ${formatNumber(values[values.length - 1])}`);
  return `${title} over ${formatCount(steps[steps.length - 1])} steps; now ${ends.join(", ")}`;
}

/**
 * Say in words what a chart shows: where its lines end, what was changed last, and where the run broke.
 * @param {string} title
 * @param {readonly Series[]} series
 * @param {Readonly<PageState>} state
 */
function describeChart(title, series, { marks, catalog, status }) {
  const parts = [describeSeries(title, series)];
  const mark = marks.at(-1);
  if (mark) parts.push(`last change at step ${formatCount(mark.step)}: ${describeMark(mark, catalog).join(", ")}`);
  if (status?.failure) parts.push(status.failure.message);
  return parts.join("; ");
}

/** Make a table of what the metrics are now. */
export function createMetricsTable() {
  const body = make("tbody");
  const heads = ["Metric", "Now", "Perfect generator", "Better"].map((name) => make("th", { scope: "col", textContent: name }));
  const element = make("table", { className: "values metrics-now", hidden: true }, [
    make("caption", { textContent: "Metrics now" }),
    make("thead", {}, [make("tr", {}, heads)]),
    body,
  ]);
  /** @type {Map<string, HTMLTableCellElement[]>} */
  const cells = new Map();

  /** @param {import("../state.js").UnitFacts} facts */
  function addRow({ key, label, help, better, unit, lies }) {
    const numbers = [make("td"), make("td")];
    const isSaid = !unit || label.toLowerCase().includes(unit);
    const facts = make("details", { className: "metric-facts" }, [
      make("summary", { textContent: isSaid ? label : `${label} (${unit})` }),
      make("p", { textContent: help }),
      make("p", {}, [make("strong", { textContent: "How it misleads: " }), lies ?? ""]),
    ]);
    const name = make("th", { scope: "row" }, [facts]);
    body.append(make("tr", {}, [name, ...numbers, make("td", { textContent: better === "higher" ? "↑ higher" : "↓ lower" })]));
    cells.set(key, numbers);
    return numbers;
  }

  return {
    element,
    /** @param {Readonly<PageState>} state */
    show({ history, floors, catalog, legacy }) {
      const { metrics } = history;
      element.hidden = metrics.size === 0;
      for (const facts of catalog?.metrics ?? []) {
        const values = metrics.get(facts.key)?.values;
        if (!values && !cells.has(facts.key)) continue;
        if (facts.legacy && !legacy && !cells.has(facts.key)) continue;
        const [now, floor] = cells.get(facts.key) ?? addRow(facts);
        if (now?.parentElement) now.parentElement.hidden = facts.legacy === true && !legacy;
        setText(now, formatNumber(values?.[values.length - 1]));
        setText(floor, formatNumber(floors[facts.key]));
      }
    },
  };
}
