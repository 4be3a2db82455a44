/** The layered view's frame: axes, and the traces in it, as the plotting library wants them. */

import { layOutLine } from "./line_frame.js";
import { formatColour } from "../palette.js";

/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("./plotly.js").Layout} Layout */

const EXPORT_SIZE = 900;

/**
 * Room for the ticks' numbers, in pixels, by the size of their font alone: the canvases know their place without asking.
 *
 * @param {number} size in pixels
 * @returns {{left: number, right: number, top: number, bottom: number}}
 */
export function measureMargin(size) {
  const [left, right, top, bottom] = [10 / 3, 2 / 3, 2 / 3, 7 / 3].map((share) => Math.round(share * size));
  return { left, right, top, bottom };
}

/**
 * @typedef {object} Frame
 * @property {Box} box what is seen
 * @property {ReturnType<typeof measureMargin>} margin
 * @property {Palette} palette
 * @property {{family: string, size: number}} font
 * @property {import("./line_frame.js").LineFrame | null} line what stands at the axes of one-dimensional data
 */

/**
 * The layout of the frame on the page, around a square of the given side.
 * @param {Frame & {side: number}} frame
 * @returns {Layout}
 */
export function layOutFrame({ box: [x0, x1, y0, y1], side, margin, palette, font, line }) {
  const clear = formatColour(palette.paper, 0);
  const axis = {
    zeroline: false,
    showgrid: false,
    ticks: "outside",
    ticklen: 4,
    tickcolor: formatColour(palette.line),
    linecolor: formatColour(palette.line),
    mirror: true,
    nticks: side < 320 ? 5 : 8,
    autorange: false,
  };
  const { yaxis, annotations } = line
    ? layOutLine(line, { palette, font })
    : { yaxis: { scaleanchor: "x", scaleratio: 1 }, annotations: [] };
  return {
    width: side + margin.left + margin.right,
    height: side + margin.top + margin.bottom,
    margin: { l: margin.left, r: margin.right, t: margin.top, b: margin.bottom, autoexpand: false },
    uirevision: "always",
    showlegend: false,
    hovermode: "closest",
    // A finger on the picture scrolls the page; the buttons zoom.
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    font: { ...font, color: formatColour(palette.inkSoft) },
    hoverlabel: {
      bgcolor: formatColour(palette.panel),
      bordercolor: formatColour(palette.line),
      font: { ...font, size: font.size + 1, color: formatColour(palette.ink) },
      align: "left",
    },
    xaxis: { ...axis, range: [x0, x1] },
    yaxis: { ...axis, range: [y0, y1], ...yaxis },
    annotations,
  };
}

/**
 * The layout of an exported picture: the same frame on paper, with the step as its title.
 * @param {Frame} frame
 * @param {string} title
 * @returns {Layout}
 */
export function layOutExport(frame, title) {
  const layout = layOutFrame({ ...frame, side: EXPORT_SIZE });
  return {
    ...layout,
    height: EXPORT_SIZE + frame.margin.bottom + 48,
    margin: { l: frame.margin.left, r: frame.margin.right, t: 48, b: frame.margin.bottom },
    title: { text: title, x: 0.05, font: { size: 18, color: formatColour(frame.palette.ink) } },
    paper_bgcolor: formatColour(frame.palette.paper),
    plot_bgcolor: formatColour(frame.palette.panel),
  };
}
