/** The layered picture in words: each of its layers is a word that switches it, in step with the checkboxes. */

import { findDimension } from "../layers/dimension.js";
import { isGame } from "../layers/game.js";
import { explainAbsence, listShown, switchLayer } from "../layers/switch.js";
import { make, setText } from "./elements.js";
import { has, writeReconstructions } from "./legend_words.js";
import { writeLineLegend } from "./line_legend.js";

/** @typedef {import("../layers/layers.js").PictureKey} PictureKey */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {Readonly<Pick<import("../state.js").PageState, "catalog" | "config">>} Run */

/**
 * The parts of the legend that follow the run.
 *
 * @typedef {object} Words
 * @property {(key: PictureKey, text: string) => HTMLElement} word switches a layer
 * @property {() => HTMLElement} knowledge what the optimal discriminator knows
 * @property {(way: "up" | "flat") => HTMLElement} needle a sample with its needle
 * @property {(isTold: (run: Run) => boolean, ...words: (string | Node)[]) => HTMLElement} only words for some runs
 */

/** Layers whose absence is said in words: @type {readonly PictureKey[]} */
const REASONED = ["surface", "warp", "density", "optimum"];

/**
 * Make the legend.
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 * @returns {HTMLElement}
 */
export function createLegend(store, { signal }) {
  /** @type {Words} */
  const words = {
    word: (key, text) => createWord(store, key, text, signal),
    knowledge: () => createKnowledge(store, signal),
    needle: createSampleNeedle,
    only: (isTold, ...told) => createPart(store, isTold, told, signal),
  };
  const [plane, line] = [writePlaneLegend(words), writeLineLegend(words)];
  const absence = make("p", { className: "legend-absence" });
  const element = make("div", { className: "legend" }, [...plane, absence]);
  store.subscribe(
    ["catalog", "config"],
    (state) => {
      const wanted = findDimension(state) === 1 ? line : plane;
      // What is there already stays, and the focus in it.
      if (element.firstChild !== wanted[0]) element.replaceChildren(...wanted, absence);
      setText(absence, listReasons(state));
      absence.hidden = absence.textContent === "";
    },
    { signal },
  );
  return element;
}

/**
 * @param {Words} words
 * @returns {HTMLElement[]} paragraphs
 */
function writePlaneLegend({ word, knowledge, needle, only }) {
  return [
    make("p", {}, [
      "Circles are ",
      word("real", "real samples"),
      "; diamonds are ",
      word("generated", "generated samples"),
      ". ",
      only(
        isGame,
        "The ground is the ",
        word("surface", "discriminator"),
        "'s judgement: the colour of the circles where it believes in real data, that of the diamonds where it sees through the generator. ",
      ),
      "The ",
      word("warp", "generator"),
      "'s bent grid of noise can lie on top. Lines ring the places where the ",
      word("density", "real density"),
      " is high. ",
      only(
        isGame,
        "The ",
        word("optimum", "optimal discriminator"),
        " takes the ground's place: it knows ",
        knowledge(),
      ),
      only(has("streams"), word("streams", "Streams"), " are the ways of some samples from their noise, the small rings."),
      ...writeReconstructions({ word, only }),
    ]),
    only(
      has("gradients"),
      make("p", {}, [
        word("gradients", "Gradients"),
        " are needles. ",
        needle("up"),
        " This sample lowers the generator's loss by moving up and to the right; the longer its needle, the harder the pull.",
      ]),
    ),
  ];
}

/**
 * Words that are hidden where they do not hold.
 * @param {PageStore} store
 * @param {(run: Run) => boolean} isTold
 * @param {(string | Node)[]} words
 * @param {AbortSignal} signal
 */
function createPart(store, isTold, words, signal) {
  const element = make(words.some((one) => one instanceof HTMLParagraphElement) ? "div" : "span", {}, words);
  store.subscribe(["catalog", "config"], (run) => (element.hidden = !isTold(run)), { signal });
  return element;
}

/**
 * @param {PageStore} store
 * @param {AbortSignal} signal
 */
function createKnowledge(store, signal) {
  const element = make("span");
  store.subscribe(["config"], ({ config }) => setText(element, describeKnowledge(config)), { signal });
  return element;
}

/**
 * Why some layers cannot be shown.
 * @param {Readonly<import("../state.js").PageState>} state
 */
function listReasons(state) {
  return [...new Set(REASONED.map((key) => explainAbsence(state, key)))].filter(Boolean).join(" ");
}

/**
 * Say what the optimal discriminator knows: for the real points that is their law, also where a run has few of them.
 * @param {import("../state.js").PageState["config"]} config
 */
export function describeKnowledge(config) {
  if (Number(config?.data.size ?? 0) > 0) {
    return "the law that real and generated points come from, and not only the few real ones that the run learns from.";
  }
  return "how often real and generated points come at every spot, and no other judges better.";
}

/**
 * @param {PageStore} store
 * @param {PictureKey} key
 * @param {string} text
 * @param {AbortSignal} signal
 */
function createWord(store, key, text, signal) {
  const button = make("button", { type: "button", className: `legend-word legend-${key}`, textContent: text });
  button.addEventListener("click", () => switchLayer(store, key, !listShown(store.get()).has(key)), { signal });
  store.subscribe(
    ["catalog", "config", "layersOn"],
    (state) => {
      button.setAttribute("aria-pressed", String(listShown(state).has(key)));
      button.disabled = explainAbsence(state, key) !== "";
    },
    { signal },
  );
  return button;
}

/**
 * A generated sample with its needle, as the picture draws them.
 * @param {"up" | "flat"} way
 */
function createSampleNeedle(way) {
  return make("span", { className: `legend-sample legend-sample-${way}`, attributes: { "aria-hidden": "true" } }, [
    make("span", { className: "legend-needle" }),
    make("span", { className: "sign sign-generated" }),
  ]);
}
