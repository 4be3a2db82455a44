/** The layered view's frame: axes, and the traces in it, as the plotting library wants them. */

import { layOutLine } from "./line_frame.js";
import { formatColour } from "../palette.js";

/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("./plotly.js").Layout} Layout */

/** Room for the ticks' numbers, in pixels; fixed, so that the canvases know their place without asking. */
export const MARGIN = { left: 40, right: 8, top: 8, bottom: 28 };
const EXPORT_SIZE = 900;

/**
 * @typedef {object} Frame
 * @property {Box} box what is seen
 * @property {Palette} palette
 * @property {{family: string, size: number}} font
 * @property {import("./line_frame.js").LineFrame | null} line what stands at the axes of one-dimensional data
 */

/**
 * The layout of the frame on the page, around a square of the given side.
 * @param {Frame & {side: number}} frame
 * @returns {Layout}
 */
export function layOutFrame({ box: [x0, x1, y0, y1], side, palette, font, line }) {
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
    width: side + MARGIN.left + MARGIN.right,
    height: side + MARGIN.top + MARGIN.bottom,
    margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom, autoexpand: false },
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
    height: EXPORT_SIZE + MARGIN.bottom + 48,
    margin: { l: MARGIN.left, r: MARGIN.right, t: 48, b: MARGIN.bottom },
    title: { text: title, x: 0.05, font: { size: 18, color: formatColour(frame.palette.ink) } },
    paper_bgcolor: formatColour(frame.palette.paper),
    plot_bgcolor: formatColour(frame.palette.panel),
  };
}
