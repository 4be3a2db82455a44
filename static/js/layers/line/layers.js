/** The layers of one-dimensional data: they have the names and the places of those in the plane, and other pictures. */

import { LAYERS } from "../layers.js";
import { drawDensity } from "./density.js";
import { drawGradients } from "./gradients.js";
import { drawReconstructions } from "./reconstructions.js";
import { drawAveraged, drawGenerated, drawReal, drawRefined } from "./samples.js";
import { drawOptimum, drawSurface } from "./surface.js";
import { drawWarp } from "./warp.js";

/** @typedef {import("../layers.js").Layer} Layer */

/** @type {Readonly<Record<import("../layers.js").PictureKey, Pick<Layer, "draw" | "help">>>} */
const PICTURES = {
  surface: {
    help: "What the discriminator thinks of every x: the colour of the ground, and the dashed curve.",
    draw: drawSurface,
  },
  optimum: {
    help: "What the best discriminator for this loss, penalties aside, would think of every x.",
    draw: drawOptimum,
  },
  density: {
    help: "Where real data are frequent: the height of the filled curve is their probability density.",
    draw: drawDensity,
  },
  real: { help: "Examples from the data: only their x means something, not their height in the strip.", draw: drawReal },
  gradients: {
    help: "Which way along x each generated sample should move to lower the generator's loss.",
    draw: drawGradients,
  },
  generated: {
    help: "What the generator makes of noise: dots in a strip, and a curve of how densely they lie.",
    draw: drawGenerated,
  },
  averaged: {
    help: "What the average of the recent generators makes of the same noise; its curve has dashes and dots.",
    draw: drawAveraged,
  },
  refined: { help: "Samples as the technique of drawing that is on takes them; their curve is dotted.", draw: drawRefined },
  reconstructed: {
    help: "Arrows along x from real samples to what the generator makes of the encoder's answers, or of their codes.",
    draw: drawReconstructions,
  },
  streams: { help: "The ways of samples from their noise are drawn in the plane alone.", draw: () => [] },
  warp: {
    help: "Lines from evenly spread, equally likely noise at the bottom to where the generator sends it on x.",
    draw: drawWarp,
  },
};

/** @type {readonly Layer[]} */
export const LINE_LAYERS = LAYERS.map((layer) => ({ ...layer, ...PICTURES[layer.key] }));
