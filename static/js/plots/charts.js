/** The metrics panel: charts of the losses and of two distances to the data, and a table of what holds now. */

import { watchPalette } from "../palette.js";
import { listCompared } from "../time/compare.js";
import { Chart } from "./chart.js";
import { make, setText } from "./elements.js";
import { createMetricsTable } from "./metrics_table.js";
import { loadPlots } from "./plotly.js";

/** @typedef {import("./chart_frame.js").Series} Series */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PageState} PageState */

/** While the run trains, one chart is drawn each so many ms, in turn: drawing one takes as long as a frame. */
const TURN = 500;
const WITHOUT_PLOTS =
  "plotly.js could not be loaded, so there are no charts: their numbers stand in tables. Load the page again to try again.";
const NONE = Object.freeze({ steps: new Float64Array(), values: new Float64Array() });

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createCharts(root, store, { signal }) {
  /** @type {import("../palette.js").Palette | null} */
  let palette = null;
  let isReady = false;
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
  const absence = make("p", { className: "picture-absence", attributes: { role: "status" } });
  root.append(absence, make("div", { className: "charts" }, [...charts.map(({ element }) => element), table.element]));

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
    if (!chart || !palette || !isReady || signal.aborted) return;
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
  store.subscribe(["history", "marks", "verdicts", "floors", "catalog", "status", "legacy", "tree", "compared"], () => ask(charts), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  loadPlots().then((loaded) => {
    if (!loaded) setText(absence, WITHOUT_PLOTS);
    for (const chart of charts) chart.begin(loaded);
    isReady = true;
    ask(charts);
  });
}

/**
 * @param {Readonly<PageState>} state
 * @returns {Series[]}
 */
function listLosses({ history, ...state }) {
  const others = listCompared(state).flatMap((branch) => trace(branch.history).map((one) => setApart(one, branch)));
  return [...trace(history), ...others];
}

/**
 * @param {import("../history.js").History} history
 * @returns {Series[]}
 */
function trace({ steps, d_loss, g_loss }) {
  return [
    { key: "d_loss", name: "Discriminator", colour: "discriminator", steps, values: d_loss },
    { key: "g_loss", name: "Generator", colour: "generator", steps, values: g_loss },
  ];
}

/**
 * The same line of another branch.
 * @param {Series} series
 * @param {ReturnType<typeof listCompared>[number]} branch
 * @returns {Series}
 */
function setApart({ key, name, colour, steps, values }, { number, name: whose, dash }) {
  return { key: `${key}-${number}`, name: `${name}, ${whose}`, colour, steps, values, dash };
}

/**
 * A metric alone: two would share an axis on which one of them is flat. The other tool's own beside it, if asked for.
 * @param {Readonly<PageState>} state
 * @param {string} key
 * @param {string} name
 * @param {string} legacyKey
 * @returns {Series[]}
 */
function listMetric({ history: { metrics }, floors, legacy, ...state }, key, name, legacyKey) {
  /** @param {string} which */
  const read = (which) => ({ key: which, ...(metrics.get(which) ?? NONE), floor: floors[which] });
  /** @type {Series} */
  const own = { ...read(key), name, colour: "generated" };
  const others = listCompared(state).map((branch) =>
    setApart({ ...own, ...(branch.history.metrics.get(key) ?? NONE) }, branch),
  );
  /** @type {Series[]} */
  const theirs = legacy ? [{ ...read(legacyKey), name: `GAN Lab’s ${name}`, colour: "noise" }] : [];
  return [own, ...theirs, ...others];
}
