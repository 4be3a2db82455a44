/** The layers of the layered view, from the lowest to the topmost, and the arrays that each is made of. */

import { drawDensity } from "./density.js";
import { drawGradients } from "./gradients.js";
import { drawReconstructions } from "./reconstructions.js";
import { drawAveraged, drawGenerated, drawReal, drawRefined } from "./samples.js";
import { drawStreams } from "./streams.js";
import { drawOptimum, drawSurface } from "./surface.js";
import { drawWarp } from "./warp.js";

/**
 * @typedef {"surface" | "optimum" | "density" | "real" | "gradients" | "generated" | "averaged" | "refined"
 *   | "reconstructed" | "streams" | "warp"} PictureKey
 *
 * @typedef {object} Layer
 * @property {PictureKey} key
 * @property {string} label the name of its checkbox
 * @property {string} help what it shows, in a sentence
 * @property {readonly string[]} arrays what it is made of: while these stay, so does the picture
 * @property {(scene: import("./marks.js").Scene) => import("./marks.js").Mark[]} draw
 */

/** @type {readonly Layer[]} */
export const LAYERS = [
  {
    key: "surface",
    label: "Discriminator surface",
    help: "What the discriminator thinks of every place.",
    arrays: ["surface"],
    draw: drawSurface,
  },
  {
    key: "optimum",
    label: "Optimal discriminator",
    help: "What the best discriminator for this loss, penalties aside, would think of every place.",
    arrays: ["optimal_surface"],
    draw: drawOptimum,
  },
  {
    key: "density",
    label: "Real density",
    help: "Where real data are frequent: the inner lines enclose the densest places.",
    arrays: ["density"],
    draw: drawDensity,
  },
  {
    key: "real",
    label: "Real samples",
    help: "Examples from the data.",
    arrays: ["x_real"],
    draw: drawReal,
  },
  {
    key: "streams",
    label: "Streams",
    help: "The ways that some samples take from their noise, small rings, by what the generator answers on them.",
    arrays: ["streams"],
    draw: drawStreams,
  },
  {
    key: "gradients",
    label: "Gradients",
    help: "Where each generated sample should move to lower the generator's loss.",
    arrays: ["x_fake", "gradients"],
    draw: drawGradients,
  },
  {
    key: "generated",
    label: "Generated samples",
    help: "What the generator makes of noise.",
    arrays: ["x_fake"],
    draw: drawGenerated,
  },
  {
    key: "averaged",
    label: "Averaged generator",
    help: "What the average of the recent generators makes of the same noise.",
    arrays: ["x_averaged"],
    draw: drawAveraged,
  },
  {
    key: "refined",
    label: "Refined samples",
    help: "Samples as the technique of drawing that is on takes them.",
    arrays: ["x_refined"],
    draw: drawRefined,
  },
  {
    key: "reconstructed",
    label: "Reconstructions",
    help: "Arrows from real samples to what the generator makes of the encoder's answers to them, or of their codes.",
    arrays: ["x_real", "x_reconstructed"],
    draw: drawReconstructions,
  },
  {
    key: "warp",
    label: "Generator warp",
    help: "A grid laid over the noise, as the generator bends it: every cell holds equally many samples.",
    arrays: ["warp"],
    draw: drawWarp,
  },
];

/** Layers that fill the whole picture: one of them is on at most. @type {readonly PictureKey[]} */
export const GROUNDS = ["surface", "optimum"];

/** The order of the checkboxes: what a student meets first comes first. */
export const CHECKBOX_ORDER = /** @type {const} */ ([
  "real",
  "generated",
  "averaged",
  "refined",
  "reconstructed",
  "streams",
  "surface",
  "optimum",
  "gradients",
  "warp",
  "density",
]);
