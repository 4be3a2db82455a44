/** The legend in words where the data are one-dimensional. */

import { isGame } from "../layers/game.js";
import { make } from "./elements.js";
import { has, writeReconstructions } from "./legend_words.js";

/**
 * @param {import("./layered_legend.js").Words} words
 * @returns {HTMLElement[]} paragraphs
 */
export function writeLineLegend({ word, knowledge, needle, only }) {
  return [
    make("p", {}, [
      "Along the bottom is x, the one number that a sample is made of. The filled curve is the ",
      word("density", "real density"),
      ". The strips below it are the samples: circles are ",
      word("real", "real samples"),
      "; diamonds are ",
      word("generated", "generated samples"),
      ". Their heights in the strip mean nothing; they keep the dots apart. The solid curve without filling says how densely the generated ones lie. It is a kernel estimate, made on this page by spreading each of them into a small bell: it shows nothing finer than that bell, and wavers because the samples are few.",
    ]),
    make("p", {}, [
      only(
        isGame,
        "The ground and the dashed curve are the ",
        word("surface", "discriminator"),
        "'s judgement: the colour of the circles, and a high curve, where it believes in real data; that of the diamonds, and a low one, where it sees through the generator. ",
      ),
      "The ",
      word("warp", "generator"),
      " can be seen at work below the strips: lines lead from noise, equally likely from dot to dot, to where it is sent. ",
      only(
        isGame,
        "The ",
        word("optimum", "optimal discriminator"),
        " takes the place of both: it knows ",
        knowledge(),
      ),
      ...writeReconstructions({ word, only }),
    ]),
    only(
      has("gradients"),
      make("p", {}, [
        word("gradients", "Gradients"),
        " are needles. ",
        needle("flat"),
        " This sample lowers the generator's loss by moving to the right; the longer its needle, the harder the pull.",
      ]),
    ),
  ];
}
