/** The small pictures of the model overview where the data are one-dimensional: x to the right, in all of them. */

import { drawNeedles } from "../layers/line/gradients.js";
import { spreadPoints } from "../layers/line/places.js";
import { drawGeneratedAlone, drawGeneratedPredictions, drawRealAlone, drawRealPredictions } from "../layers/line/samples.js";
import { drawSurface, drawSurfaceChange } from "../layers/line/surface.js";
import { drawUnfolding } from "../layers/line/warp.js";
import { PICTURE_NODES } from "./nodes.js";

/** @typedef {import("../layers/marks.js").Scene} Scene */
/** @typedef {import("../layers/marks.js").Box} Box */
/** @typedef {import("./nodes.js").PictureNode} PictureNode */

/** The edges of a small picture, and the strips of samples in it, in parts of the frame's height. */
const [FLOOR, CEILING] = [-0.35, 1.05];
/** Those that are curves alone. */
const [CURVE_FLOOR, CURVE_CEILING] = [-0.04, 1.04];
const CURVES = ["discriminator", "d-gradients"];
const BELOW = /** @type {const} */ ([-0.3, -0.06]);
const ALL = /** @type {const} */ ([-0.27, 0.97]);

/** What is other than in the plane, by node. @type {Readonly<Record<string, Partial<PictureNode>>>} */
const PICTURES = {
  generator: {
    help: "A network that turns noise into samples: lines lead from equally likely noise, at the bottom, to where each is sent, at the top. Noise that cannot be laid out so is shown as the samples that it becomes.",
    draw: (scene) =>
      scene.arrays.warp ? drawUnfolding(scene, 1, placeStrip(scene, ALL)) : drawGeneratedAlone(scene, placeStrip(scene, BELOW)),
    unfold: (scene, way) => drawUnfolding(scene, way, placeStrip(scene, ALL)),
  },
  real: {
    help: "Examples from the data, and how densely they lie. In a game the generator never sees them: it only hears how its own samples are judged.",
    draw: (scene) => drawRealAlone(scene, placeStrip(scene, BELOW)),
  },
  generated: {
    help: "What the generator makes of the noise now, and how densely it lies; training should make the curve that of the real samples.",
    draw: (scene) => drawGeneratedAlone(scene, placeStrip(scene, BELOW)),
  },
  discriminator: {
    help: "A network that judges every x: the colour of real samples, and a high curve, where it believes they are real; that of generated ones, and a low curve, where it believes they are made.",
    draw: drawSurface,
  },
  "predictions-real": { draw: (scene) => drawRealPredictions(scene, placeStrip(scene, ALL)) },
  "predictions-generated": { draw: (scene) => drawGeneratedPredictions(scene, placeStrip(scene, ALL)) },
  "d-gradients": {
    help: "Which way the loss's gradient pushes the discriminator's score: the colour of real, and a high curve, where up; of generated, and a low curve, where down.",
    draw: drawSurfaceChange,
  },
  "g-gradients": {
    help: "Which way along x each generated sample should move to lower the generator's loss: longer needles pull harder.",
    draw: (scene) => {
      const values = scene.arrays.x_fake?.data;
      return drawNeedles(scene, values && spreadPoints(values, placeStrip(scene, ALL)));
    },
  },
};

/** @type {ReadonlyMap<string, PictureNode>} */
const NODES = new Map(PICTURE_NODES.map((node) => [node.key, { ...node, ...PICTURES[node.key] }]));

/**
 * A node as it is for data of a dimension.
 * @param {PictureNode} node
 * @param {number} dimension
 * @returns {PictureNode}
 */
export function findNode(node, dimension) {
  return (dimension === 1 && NODES.get(node.key)) || node;
}

/**
 * What a node's small picture shows of a run's box.
 * @param {string} key
 * @param {Pick<Scene, "dimension" | "box">} scene
 * @returns {Box}
 */
export function frameNode(key, { dimension, box }) {
  if (dimension !== 1) return box;
  const [x0, x1, , top] = box;
  const [floor, ceiling] = CURVES.includes(key) ? [CURVE_FLOOR, CURVE_CEILING] : [FLOOR, CEILING];
  return [x0, x1, floor * top, ceiling * top];
}

/**
 * @param {Scene} scene
 * @param {readonly [number, number]} edges
 * @returns {readonly [number, number]} in densities
 */
function placeStrip({ box: [, , , top] }, [low, high]) {
  return [low * top, high * top];
}
