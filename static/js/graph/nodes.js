/** The nodes of the model overview: what each is called, what it means in a sentence, and what it shows. */

import { drawGradients } from "../layers/gradients.js";
import { drawEncoded, drawGenerated, drawGeneratedPredictions, drawNoise, drawReal, drawRealPredictions } from "../layers/samples.js";
import { drawSurface, drawSurfaceChange } from "../layers/surface.js";
import { drawNoiseLattice, drawUnfolding, drawWarp } from "../layers/warp.js";

/** @typedef {import("../layers/marks.js").Scene} Scene */
/** @typedef {import("../layers/marks.js").Mark} Mark */

/**
 * @typedef {object} PictureNode
 * @property {string} key
 * @property {string} title
 * @property {string} help one sentence
 * @property {boolean} isModel one of the two networks: its picture is large
 * @property {"discriminator" | "generator"} [player] whose colour it wears
 * @property {readonly string[]} arrays
 * @property {(scene: Scene) => Mark[]} draw
 * @property {(scene: Scene, way: number) => Mark[]} [unfold] its picture on the way there, from 0 to 1
 * @property {{key: import("../layers/layers.js").PictureKey, name: string}} [layer] the layer of the layered view that
 *   shows the same, and what the node's checkbox for it is called
 */

/** @type {readonly PictureNode[]} */
export const PICTURE_NODES = [
  {
    key: "noise",
    title: "Noise",
    help: "Random points that the generator starts from; the same points every time, so that you can follow them.",
    isModel: false,
    arrays: ["z", "warp_noise"],
    draw: (scene) => [...drawNoise(scene), ...drawNoiseLattice(scene)],
  },
  {
    key: "generator",
    title: "Generator",
    help: "A network that turns noise into samples: here, how it bends a grid laid over the noise. Darker cells are more crowded. Noise without a grid is shown as the samples that it becomes.",
    isModel: true,
    player: "generator",
    arrays: ["warp", "warp_noise", "x_fake"],
    draw: (scene) => (scene.arrays.warp ? drawWarp(scene) : drawGenerated(scene)),
    unfold: drawUnfolding,
    layer: { key: "warp", name: "Layer of the generator" },
  },
  {
    key: "real",
    title: "Real samples",
    help: "Examples from the data. In a game the generator never sees them: it only hears how its own samples are judged.",
    isModel: false,
    arrays: ["x_real"],
    draw: drawReal,
    layer: { key: "real", name: "Layer of real points" },
  },
  {
    key: "generated",
    title: "Generated samples",
    help: "What the generator makes of the noise now; training should bring them to where the real samples are.",
    isModel: false,
    arrays: ["x_fake"],
    draw: drawGenerated,
    layer: { key: "generated", name: "Layer of generated points" },
  },
  {
    key: "encoder",
    title: "Encoder",
    help: "A network that answers real samples with noise, here: it should lie where the noise of the generator does. The discriminator judges each sample beside its noise.",
    isModel: false,
    player: "generator",
    arrays: ["z_real"],
    draw: drawEncoded,
  },
  {
    key: "discriminator",
    title: "Discriminator",
    help: "A network that judges every place: the colour of real samples where it believes they are real, that of generated ones where it believes they are made.",
    isModel: true,
    player: "discriminator",
    arrays: ["surface"],
    draw: drawSurface,
    layer: { key: "surface", name: "Layer of the discriminator" },
  },
  {
    key: "predictions-real",
    title: "Predictions on real",
    help: "The real samples in the colour of the discriminator's score: it wants them in the colour of real.",
    isModel: false,
    arrays: ["x_real", "real_logits"],
    draw: drawRealPredictions,
  },
  {
    key: "predictions-generated",
    title: "Predictions on generated",
    help: "The generated samples in the colour of their score: the discriminator wants them to look generated, the generator real.",
    isModel: false,
    arrays: ["x_fake", "fake_logits"],
    draw: drawGeneratedPredictions,
  },
  {
    key: "d-gradients",
    title: "Gradients for D",
    help: "Which way the loss's gradient pushes the discriminator's score: the colour of real where up, of generated where down.",
    isModel: false,
    player: "discriminator",
    arrays: ["surface_change"],
    draw: drawSurfaceChange,
  },
  {
    key: "g-gradients",
    title: "Gradients for G",
    help: "Where each generated sample should move to lower the generator's loss: longer needles pull harder.",
    isModel: false,
    player: "generator",
    arrays: ["x_fake", "gradients"],
    draw: drawGradients,
    layer: { key: "gradients", name: "Layer of the needles" },
  },
];

/** The two losses: numbers, so they have bars in place of pictures. */
export const LOSS_NODES = /** @type {const} */ ([
  {
    key: "d-loss",
    column: "d_loss",
    title: "Discriminator loss",
    help: "How wrong the discriminator is about real and generated samples together; it learns by lowering this.",
    player: "discriminator",
  },
  {
    key: "g-loss",
    column: "g_loss",
    title: "Generator loss",
    help: "How badly the generated samples fool the discriminator, or differ from the real ones where none judges; the generator learns by lowering this.",
    player: "generator",
  },
]);
