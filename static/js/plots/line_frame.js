/** The layered picture's frame where the data are one-dimensional: densities upwards, and signs at the strips below. */

import { layOutStrips } from "../layers/line/places.js";
import { roundUp } from "../layers/numbers.js";
import { formatColour } from "../palette.js";

/** @typedef {import("../layers/marks.js").Scene} Scene */
/** @typedef {import("../palette.js").Palette} Palette */
/** @typedef {import("./plotly.js").Layout} Layout */
/** @typedef {import("../palette.js").ColourName} ColourName */
/** @typedef {{y: number, text: string, colour: ColourName}} Sign what stands beside a strip, at the axis */
/** @typedef {{y: number, text: string, side: "left" | "right", anchor: "top" | "bottom"}} Label */
/** @typedef {{top: number, signs: readonly Sign[], labels: readonly Label[]}} LineFrame `top`: the densities' height */

/** About so many numbers stand at the axis of densities. */
const TICKS = 5;
/** The samples' signs, as their marks are in the strips. @type {Readonly<Record<string, Omit<Sign, "y">>>} */
const SAMPLES = {
  real: { text: "●", colour: "real" },
  generated: { text: "◆", colour: "generated" },
  averaged: { text: "◆", colour: "generator" },
  refined: { text: "○", colour: "generator" },
};

/**
 * What stands at the axes; while it is the same, so is the frame.
 * @param {Scene} scene
 * @param {ReadonlySet<string>} shown the layers
 * @returns {LineFrame | null} none where the data are not one-dimensional
 */
export function describeFrame(scene, shown) {
  if (scene.dimension !== 1) return null;
  const top = scene.box[3];
  /** @type {Label} */
  const axis = { y: top, text: "probability density", side: "left", anchor: "top" };
  return { top, signs: listSigns(scene, shown), labels: [axis, ...listScale(scene, shown)] };
}

/**
 * The layout's part that is other than in the plane: x alone is zoomed, and only densities have numbers.
 * @param {LineFrame} frame
 * @param {{palette: Palette, font: {family: string, size: number}}} look
 * @returns {{yaxis: Layout, annotations: Layout[]}}
 */
export function layOutLine({ top, signs, labels }, { palette, font }) {
  const step = roundUp(top / TICKS);
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
  const write = (/** @type {Sign} */ { text, colour }) => `<span style="color:${formatColour(palette[colour])}">${text}</span>`;
  return {
    yaxis: {
      fixedrange: true,
      tickmode: "array",
      tickvals: [...ticks, ...signs.map(({ y }) => y)],
      ticktext: [...ticks.map(String), ...signs.map(write)],
      zeroline: true,
      zerolinecolor: formatColour(palette.inkSoft),
      zerolinewidth: 1,
    },
    annotations: labels.map(({ text, y, side, anchor }) => ({
      text,
      showarrow: false,
      xref: "paper",
      x: side === "left" ? 0 : 1,
      xanchor: side,
      xshift: side === "left" ? 3 : -3,
      y,
      yanchor: anchor,
      borderpad: 1,
      bgcolor: formatColour(palette.panel, 0.8),
      font: { ...font, color: formatColour(side === "left" ? palette.inkSoft : palette.discriminator) },
    })),
  };
}

/**
 * @param {Scene} scene
 * @param {ReadonlySet<string>} shown
 * @returns {Sign[]}
 */
function listSigns(scene, shown) {
  const { warp: [low, high], ...strips } = layOutStrips(scene);
  const signs = Object.entries(strips)
    .filter(([row]) => shown.has(row))
    .map(([row, strip]) => ({ y: (strip[0] + strip[1]) / 2, ...SAMPLES[row] }));
  if (!shown.has("warp") || !scene.arrays.warp) return signs;
  return [...signs, { y: high, text: "G(z)", colour: "generator" }, { y: low, text: "z", colour: "noise" }];
}

/**
 * The ends of the dashed curve's scale; numbers where they stay the same while the run trains.
 * @param {Scene} scene
 * @param {ReadonlySet<string>} shown
 * @returns {Label[]}
 */
function listScale({ arrays, box, score }, shown) {
  const isShown = (shown.has("surface") && arrays.surface) || (shown.has("optimum") && arrays.optimal_surface);
  if (!isShown) return [];
  const [low, , high] = score.isFixed ? score.ends.map((end) => `= ${end}`) : ["low", "", "high"];
  const name = score.name === "score" ? "score" : "D(x)";
  return [
    { text: `${name} ${high}`, y: box[3], side: "right", anchor: "top" },
    { text: `${name} ${low}`, y: 0, side: "right", anchor: "bottom" },
  ];
}
