/** What a chart is made of, as the plotting library wants it: lines, floors, marks and axes. */

import { formatCount, formatNumber } from "../layers/numbers.js";
import { nameVerdict } from "../monitor/verdicts.js";
import { formatColour } from "../palette.js";
import { decimateLine } from "./decimate.js";
import { describeMark } from "./mark_words.js";

/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("../palette.js").ColourName} ColourName */
/** @typedef {import("./plotly.js").Trace} Trace */
/** @typedef {import("./plotly.js").Layout} Layout */
/** @typedef {import("../state.js").Mark} Mark */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../protocol.js").Divergence} Divergence */

/**
 * @typedef {object} Series
 * @property {string} key
 * @property {string} name
 * @property {ColourName} colour
 * @property {ArrayLike<number>} steps ascending
 * @property {ArrayLike<number>} values NaN where there is none
 * @property {number} [floor] what a perfect generator would score
 * @property {Dash} [dash] of another branch's line: thin, and broken in this way
 */

/** @typedef {"solid" | "dash" | "dot" | "dashdot" | "longdash"} Dash */

/** Points a line; more would cost time and show nothing on so few pixels. */
const LIMIT = 400;
/** So many steps in view have a tick each. */
const FEW_STEPS = 7;
const EXPORT_SIZE = { width: 900, height: 480 };

/**
 * A text as the plotting library shows it just so: names that users give, and what files hold, are no markup.
 * @param {string} text
 */
export function escapeText(text) {
  return text.replace(/[&<>{}]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * The trace of a series within a range of steps.
 * @param {Series} series
 * @param {{isShown: boolean, range: readonly [number, number] | null, palette: Palette}} view
 * @returns {Trace}
 */
export function traceSeries({ name, colour, steps, values, dash }, { isShown, range, palette }) {
  return {
    type: "scatter",
    // A line of one point is none; a point on the axis is seen whole.
    mode: steps.length === 1 ? "markers" : "lines",
    cliponaxis: steps.length !== 1,
    name: escapeText(name),
    visible: isShown,
    ...decimateLine(steps, values, LIMIT, range),
    line: { color: formatColour(palette[colour]), width: (dash ? 1.2 : 1.8) * palette.strokes, dash: dash ?? "solid" },
    hovertemplate: `${escapeText(name)} %{y:.4~g}<extra></extra>`,
  };
}

/**
 * The user's changes as thin upright lines; hovering tells what was changed.
 * @param {readonly Mark[]} marks
 * @param {Catalog | null} catalog
 * @param {Palette} palette
 * @returns {Trace}
 */
export function traceMarks(marks, catalog, palette) {
  const words = marks.map((mark) => describeMark(mark, catalog).map(escapeText).join("<br>"));
  return {
    type: "scatter",
    mode: "lines",
    name: "Changes",
    x: marks.flatMap(({ step }) => [step, step, null]),
    y: marks.flatMap(() => [0, 1, null]),
    text: words.flatMap((text) => [text, text, ""]),
    yaxis: "y2",
    line: { color: formatColour(palette.inkSoft, 0.6), width: 1 },
    hovertemplate: "%{text}<extra></extra>",
  };
}

/**
 * Where the run broke, or the lab could not go on with it, as an upright line; the layout labels it.
 * @param {Divergence} failure
 * @param {Palette} palette
 * @returns {Trace}
 */
export function traceFailure({ step, player, message }, palette) {
  return {
    type: "scatter",
    mode: "lines",
    name: player ? "Broke" : "Stopped",
    x: [step, step],
    y: [0, 1],
    text: [message, message].map(escapeText),
    yaxis: "y2",
    line: { color: formatColour(palette.bad), width: 2.5 * palette.strokes },
    hovertemplate: "%{text}<extra></extra>",
  };
}

/**
 * Where something began to go wrong, as broken upright lines; hovering tells what.
 * @param {readonly import("../protocol.js").Verdict[]} verdicts
 * @param {Catalog | null} catalog
 * @param {Palette} palette
 * @returns {Trace}
 */
export function traceVerdicts(verdicts, catalog, palette) {
  const words = verdicts.map((verdict) => `${escapeText(nameVerdict(verdict, catalog))} began here`);
  return {
    type: "scatter",
    mode: "lines",
    name: "Went wrong",
    x: verdicts.flatMap(({ began_at }) => [began_at, began_at, null]),
    y: verdicts.flatMap(() => [0, 1, null]),
    text: words.flatMap((text) => [text, text, ""]),
    yaxis: "y2",
    line: { color: formatColour(palette.bad), width: 1.4 * palette.strokes, dash: "dot" },
    hovertemplate: "%{text}<extra></extra>",
  };
}

/**
 * Where the run stands that went back: a thin upright line.
 * @param {number} step
 * @param {Palette} palette
 * @returns {Trace}
 */
export function tracePresent(step, palette) {
  return {
    type: "scatter",
    mode: "lines",
    name: "Where you are",
    x: [step, step],
    y: [0, 1],
    yaxis: "y2",
    line: { color: formatColour(palette.ink), width: 1.4 * palette.strokes },
    hovertemplate: "Where you are<extra></extra>",
  };
}

/**
 * Where an axis of steps has its ticks: there is no step between 0 and 1. They are listed, so that they stay few if
 * the axis turns out to be longer than the lines: a mark may stand far behind them.
 * @param {readonly [number, number]} steps the first and the last step in view
 */
export function placeTicks([first, last]) {
  const begin = Math.ceil(first);
  const count = Math.floor(last) - begin + 1;
  if (count > FEW_STEPS) return { nticks: 6 };
  return { tickmode: "array", tickvals: Array.from({ length: count }, (_, i) => begin + i) };
}

/**
 * The layout of a chart.
 * @param {{steps: readonly [number, number], failure?: Divergence | null, width: number, height: number, run: string | null, palette: Palette, font: {family: string, size: number}, floors: readonly Series[]}} view
 * @returns {Layout}
 */
export function layOutChart({ steps, width, height, run, palette, font, floors, failure }) {
  const clear = formatColour(palette.panel, 0);
  const axis = { zeroline: false, gridcolor: formatColour(palette.line), linecolor: formatColour(palette.line) };
  return {
    width,
    height,
    margin: { l: 3.4 * font.size, r: 8, t: 8, b: 3.4 * font.size, autoexpand: false },
    // A new run begins with its whole chart in view; within a run the user's zoom stays.
    uirevision: run ?? "",
    showlegend: false,
    hovermode: "x unified",
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    font: { ...font, color: formatColour(palette.inkSoft) },
    hoverlabel: {
      bgcolor: formatColour(palette.panel, 0.94),
      bordercolor: formatColour(palette.line),
      font: { ...font, size: font.size + 1, color: formatColour(palette.ink) },
    },
    xaxis: {
      ...axis,
      title: { text: "Step", standoff: 4 },
      showgrid: false,
      rangemode: "tozero",
      ...placeTicks(steps),
      tickformat: ",d",
      unifiedhovertitle: { text: "Step %{x:,d}" },
    },
    yaxis: { ...axis, rangemode: "tozero", nticks: 5 },
    yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
    shapes: floors.map((series) => drawFloor(series, palette)),
    annotations: [
      ...floors.map((series, i) => nameFloor(series, palette, font.size - 1, { place: i, count: floors.length })),
      ...(failure ? [nameFailure(failure, palette, font.size)] : []),
    ],
  };
}

/**
 * The layout of an exported chart: the same on paper, with its title, a legend, and the steps that are looked at.
 * @param {Omit<Parameters<typeof layOutChart>[0], "width" | "height">} view
 * @param {string} title
 * @param {readonly [number, number] | null} range of steps; none: all of them
 * @returns {Layout}
 */
export function layOutChartExport(view, title, range) {
  const { palette, font } = view;
  const layout = layOutChart({ ...view, ...EXPORT_SIZE });
  return {
    ...layout,
    margin: { l: 3.4 * font.size, r: 16, t: 64, b: 3.4 * font.size },
    title: { text: title, x: 0.02, font: { size: 18, color: formatColour(palette.ink) } },
    showlegend: true,
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1, yanchor: "bottom" },
    xaxis: { .../** @type {object} */ (layout.xaxis), ...(range ? { range: [...range] } : {}) },
    paper_bgcolor: formatColour(palette.paper),
    plot_bgcolor: formatColour(palette.panel),
  };
}

/**
 * @param {Series} series
 * @param {Palette} palette
 */
function drawFloor({ colour, floor }, palette) {
  const line = { color: formatColour(palette[colour], 0.8), width: 1.2, dash: "dash" };
  return { type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: floor, y1: floor, line };
}

/**
 * @param {Series} series
 * @param {Palette} palette
 * @param {number} size
 * @param {{place: number, count: number}} among Two may lie close together: their words are short, at opposite ends.
 */
function nameFloor({ colour, floor }, palette, size, { place, count }) {
  const isRight = place % 2 === 0;
  return {
    xref: "paper",
    x: isRight ? 1 : 0,
    xanchor: isRight ? "right" : "left",
    yref: "y",
    y: floor,
    yanchor: "bottom",
    text: `${count > 1 ? "perfect" : "perfect generator"} ${formatNumber(floor)}`,
    showarrow: false,
    bgcolor: formatColour(palette.panel, 0.75),
    font: { size, color: formatColour(palette[colour]) },
  };
}

/**
 * No player: its numbers were finite, and it was the lab that could not go on; hovering tells why.
 * @param {Divergence} failure
 * @param {Palette} palette
 * @param {number} size
 */
export function nameFailure({ step, player, quantity }, palette, size) {
  const place = `at step ${formatCount(step)}`;
  return {
    x: step,
    xanchor: "right",
    yref: "paper",
    y: 1,
    yanchor: "top",
    text: player
      ? `Broke ${place}:<br>${escapeText(`${player}'s ${quantity}`)} not finite`
      : `Stopped by the lab ${place}`,
    align: "right",
    showarrow: false,
    bgcolor: formatColour(palette.panel, 0.85),
    font: { size, color: formatColour(palette.bad) },
  };
}
