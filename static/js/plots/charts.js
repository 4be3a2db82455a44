/** The metrics panel: charts of the losses and of two distances to the data, and a table of what holds now. */

import { watchPalette } from "../palette.js";
import { Chart, createMetricsTable } from "./chart.js";
import { make } from "./elements.js";
import { loadPlots } from "./plotly.js";

/** @typedef {import("./chart_frame.js").Series} Series */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PageState} PageState */

/** While the run trains, one chart is drawn each so many ms, in turn: drawing one takes as long as a frame. */
const TURN = 500;
const NONE = Object.freeze({ steps: new Float64Array(), values: new Float64Array() });

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createCharts(root, store, { signal }) {
  /** @type {import("../palette.js").Palette | null} */
  let palette = null;
  let isLoaded = false;
  /** @type {Set<Chart>} */
  const waiting = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @type {Chart[]} */
  const charts = [
    new Chart("Losses", listLosses, () => ask([charts[0]]), { signal }),
    new Chart("KL divergence", (state) => listMetric(state, "grid_kl", "KL", "ganlab_kl"), () => ask([charts[1]]), { signal }),
    new Chart("JS divergence", (state) => listMetric(state, "grid_js", "JS", "ganlab_js"), () => ask([charts[2]]), { signal }),
  ];
  const table = createMetricsTable();
  root.append(make("div", { className: "charts" }, [...charts.map(({ element }) => element), table.element]));

  /** @param {readonly Chart[]} wanted */
  function ask(wanted) {
    for (const chart of wanted) waiting.add(chart);
    const isRunning = store.get().status?.state === "running";
    if (!isRunning) restart(0);
    else if (timer === undefined) restart(TURN);
  }

  /** @param {number} delay in ms */
  function restart(delay) {
    clearTimeout(timer);
    timer = setTimeout(() => requestAnimationFrame(drawNext), delay);
  }

  function drawNext() {
    timer = undefined;
    const [chart] = waiting;
    if (!chart || !palette || !isLoaded || signal.aborted) return;
    waiting.delete(chart);
    try {
      chart.draw(store.get(), palette);
      table.show(store.get());
    } finally {
      if (waiting.size > 0) ask([]);
    }
  }

  watchPalette((colours) => {
    palette = colours;
    ask(charts);
  }, { signal });
  store.subscribe(["history", "marks", "floors", "catalog", "status", "legacy"], () => ask(charts), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  loadPlots().then((loaded) => {
    isLoaded = loaded;
    ask(charts);
  });
}

/**
 * @param {Readonly<PageState>} state
 * @returns {Series[]}
 */
function listLosses({ history: { steps, d_loss, g_loss } }) {
  return [
    { key: "d_loss", name: "Discriminator", colour: "discriminator", steps, values: d_loss },
    { key: "g_loss", name: "Generator", colour: "generator", steps, values: g_loss },
  ];
}

/**
 * A metric alone: two would share an axis on which one of them is flat. The other tool's own beside it, if asked for.
 * @param {Readonly<PageState>} state
 * @param {string} key
 * @param {string} name
 * @param {string} legacyKey
 * @returns {Series[]}
 */
function listMetric({ history: { metrics }, floors, legacy }, key, name, legacyKey) {
  /** @param {string} which */
  const read = (which) => ({ key: which, ...(metrics.get(which) ?? NONE), floor: floors[which] });
  /** @type {Series[]} */
  const series = [{ ...read(key), name, colour: "generated" }];
  if (legacy) series.push({ ...read(legacyKey), name: `GAN Lab’s ${name}`, colour: "noise" });
  return series;
}
