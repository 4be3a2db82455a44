/** Makes a plot's traces of marks: the same picture as on the canvas, as data that can be hovered and exported. */

import { formatColour, scoreColour } from "../palette.js";
import { needlePixels } from "./canvas.js";

/** @typedef {import("../layers/marks.js").Mark} Mark */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./plotly.js").Trace} Trace */

const OPACITY_STEPS = 8;
const RAMP_STEPS = 10;

/**
 * Make the traces of a mark.
 * @param {Mark} mark
 * @param {View} view
 * @param {Palette} palette
 * @returns {Trace[]}
 */
export function makeTraces(mark, view, palette) {
  if (mark.kind === "points") return [tracePoints(mark, view, palette)];
  if (mark.kind === "image") return [traceImage(mark, palette)];
  if (mark.kind === "needles") return traceNeedles(mark, view, palette);
  if (mark.kind === "lines") return [traceLines(mark, palette)];
  if (mark.kind === "area") return [fillShapes([mark.outline], formatColour(palette[mark.colour], mark.opacity))];
  if (mark.kind === "arrow") return [traceArrow(mark, palette)];
  return traceCells(mark, palette);
}

/**
 * @param {import("../layers/marks.js").PointsMark} mark
 * @param {View} view
 * @param {Palette} palette
 * @returns {Trace}
 */
function tracePoints({ points, shape, colour, radius, describe }, view, palette) {
  return {
    type: "scatter",
    mode: "markers",
    ...splitPoints(points),
    marker: {
      symbol: shape === "ring" ? "circle-open" : shape,
      // A diamond's size is its side, a circle's its width.
      size: (shape === "diamond" ? Math.SQRT2 : 2) * radius * view.scale,
      color: formatColour(palette[colour]),
      line: shape === "ring" ? { width: 2.25 } : { color: formatColour(palette.paper, 0.75), width: 1 },
    },
    ...describeEach(describe, points.length / 2),
  };
}

/**
 * @param {import("../layers/marks.js").ImageMark} mark
 * @param {Palette} palette
 * @returns {Trace}
 */
function traceImage({ box: [x0, x1, y0, y1], rows, columns, positions, describe }, palette) {
  const rowOf = (/** @type {number} */ row) => Array.from(positions.subarray(row * columns, (row + 1) * columns));
  const wordsOf = (/** @type {number} */ row) => Array.from({ length: columns }, (_, i) => describe(row * columns + i));
  return {
    type: "heatmap",
    x0: x0 + (x1 - x0) / columns / 2,
    dx: (x1 - x0) / columns,
    y0: y0 + (y1 - y0) / rows / 2,
    dy: (y1 - y0) / rows,
    z: Array.from({ length: rows }, (_, row) => rowOf(row)),
    zmin: -1,
    zmax: 1,
    colorscale: Array.from({ length: RAMP_STEPS + 1 }, (_, i) => [
      i / RAMP_STEPS,
      formatColour(scoreColour(palette, (2 * i) / RAMP_STEPS - 1)),
    ]),
    showscale: false,
    hoverinfo: "text",
    text: Array.from({ length: rows }, (_, row) => wordsOf(row)),
  };
}

/**
 * @param {import("../layers/marks.js").NeedlesMark} mark
 * @param {View} view
 * @param {Palette} palette
 * @returns {Trace[]}
 */
function traceNeedles({ points, vectors, colour, width = 1, describe }, view, palette) {
  const [x0, x1, y0, y1] = view.box;
  // A needle has its length and its angle in pixels, and a pixel may be other units across than up.
  const units = [(x1 - x0) / view.width, (y1 - y0) / view.height];
  const scale = needlePixels(view) / view.needle;
  const base = 2.4 * width;
  const tips = points.map((value, i) => value + vectors[i] * scale * units[i % 2]);
  /** @type {Float32Array[]} */
  const needles = [];
  for (let i = 0; i < points.length; i += 2) {
    const length = Math.hypot(vectors[i], vectors[i + 1]);
    if (!(length > 0)) continue;
    const [sideX, sideY] = [(-vectors[i + 1] / length) * base * units[0], (vectors[i] / length) * base * units[1]];
    const [x, y] = [points[i], points[i + 1]];
    needles.push(Float32Array.of(x + sideX, y + sideY, tips[i], tips[i + 1], x - sideX, y - sideY));
  }
  return [
    fillShapes(needles, formatColour(palette[colour], 0.85)),
    {
      type: "scatter",
      mode: "markers",
      ...splitPoints(tips),
      marker: { size: 5, color: formatColour(palette[colour], 0) },
      ...describeEach(describe, points.length / 2),
    },
  ];
}

/**
 * @param {import("../layers/marks.js").LinesMark} mark
 * @param {Palette} palette
 * @returns {Trace}
 */
function traceLines({ lines, colour, width, opacity, dash, describe }, palette) {
  return {
    type: "scatter",
    mode: "lines",
    ...joinLines(lines),
    line: { color: formatColour(palette[colour], opacity), width, ...(dash && { dash: dash.map((part) => `${part}px`).join(",") }) },
    ...describeEach(describe, lines.reduce((count, line) => count + line.length / 2, 0)),
  };
}

/**
 * @param {import("../layers/marks.js").ArrowMark} mark
 * @param {Palette} palette
 * @returns {Trace}
 */
function traceArrow({ from, to, colour }, palette) {
  const shade = formatColour(palette[colour]);
  return {
    type: "scatter",
    mode: "lines+markers",
    x: [from[0], to[0]],
    y: [from[1], to[1]],
    line: { color: shade, width: 2.75 },
    marker: { symbol: "arrow", angleref: "previous", size: [0, 14], color: shade, opacity: 1 },
    hoverinfo: "skip",
  };
}

/**
 * A trace has one opacity, so cells of about the same are drawn together.
 * @param {import("../layers/marks.js").CellsMark} mark
 * @param {Palette} palette
 * @returns {Trace[]}
 */
function traceCells({ corners, opacities, colour }, palette) {
  /** @type {Float32Array[][]} */
  const groups = Array.from({ length: OPACITY_STEPS + 1 }, () => []);
  opacities.forEach((opacity, i) => groups[Math.round(opacity * OPACITY_STEPS)]?.push(corners.subarray(8 * i, 8 * i + 8)));
  return groups
    .map((cells, step) => fillShapes(cells, formatColour(palette[colour], step / OPACITY_STEPS)))
    .slice(1);
}

/**
 * @param {readonly Float32Array[]} shapes outlines
 * @param {string} fillcolor
 * @returns {Trace}
 */
function fillShapes(shapes, fillcolor) {
  return {
    type: "scatter",
    mode: "none",
    ...joinLines(shapes),
    fill: "toself",
    fillcolor,
    hoverinfo: "skip",
  };
}

/**
 * Write polylines one after the other, with a gap between.
 * @param {readonly Float32Array[]} lines
 */
function joinLines(lines) {
  /** @type {(number | null)[]} */
  const x = [];
  /** @type {(number | null)[]} */
  const y = [];
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      x.push(line[i]);
      y.push(line[i + 1]);
    }
    x.push(null);
    y.push(null);
  }
  return { x, y };
}

/** @param {Float32Array} points */
function splitPoints(points) {
  const even = Array.from({ length: points.length / 2 }, (_, i) => 2 * i);
  return { x: even.map((i) => points[i]), y: even.map((i) => points[i + 1]) };
}

/**
 * @param {((index: number) => string) | undefined} describe
 * @param {number} count
 * @returns {Trace}
 */
function describeEach(describe, count) {
  if (!describe) return { hoverinfo: "skip" };
  return { hoverinfo: "text", text: Array.from({ length: count }, (_, i) => describe(i)) };
}
