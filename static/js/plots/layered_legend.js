/** The layered picture in words: each of its layers is a word that switches it, in step with the checkboxes. */

import { explainAbsence, switchLayer } from "../layers/switch.js";
import { make } from "./elements.js";

/** @typedef {import("../layers/layers.js").PictureKey} PictureKey */
/** @typedef {import("../state.js").PageStore} PageStore */

/** Layers whose absence is said in words: @type {readonly PictureKey[]} */
const REASONED = ["surface", "warp", "density", "optimum"];

/**
 * Make the legend.
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 * @returns {HTMLElement}
 */
export function createLegend(store, { signal }) {
  /**
   * @param {PictureKey} key
   * @param {string} text
   */
  const word = (key, text) => createWord(store, key, text, signal);
  const absence = make("span", { className: "legend-absence" });
  store.subscribe(
    ["catalog", "config"],
    (state) => {
      const reasons = new Set(REASONED.map((key) => explainAbsence(state, key)));
      absence.textContent = [...reasons].filter(Boolean).join(" ");
    },
    { signal },
  );
  return make("div", { className: "legend" }, [
    make("p", {}, [
      "Circles are ",
      word("real", "real samples"),
      "; diamonds are ",
      word("generated", "generated samples"),
      ". The ground is the ",
      word("surface", "discriminator"),
      "'s judgement: the colour of the circles where it believes in real data, that of the diamonds where it sees through the ",
      word("warp", "generator"),
      ", whose bent grid of noise can lie on top. Lines ring the places where the ",
      word("density", "real density"),
      " is high. The ",
      word("optimum", "optimal discriminator"),
      " takes the ground's place: it knows how often real and generated points come at every spot, and no other judges better. ",
      absence,
    ]),
    make("p", {}, [
      word("gradients", "Gradients"),
      " are needles. ",
      createSampleNeedle(),
      " This sample lowers the generator's loss by moving up and to the right; the longer its needle, the harder the pull.",
    ]),
  ]);
}

/**
 * @param {PageStore} store
 * @param {PictureKey} key
 * @param {string} text
 * @param {AbortSignal} signal
 */
function createWord(store, key, text, signal) {
  const button = make("button", { type: "button", className: `legend-word legend-${key}`, textContent: text });
  button.addEventListener("click", () => switchLayer(store, key, !store.get().layersOn.has(key)), { signal });
  store.subscribe(
    ["layersOn"],
    ({ layersOn }) => button.setAttribute("aria-pressed", String(layersOn.has(key))),
    { signal },
  );
  store.subscribe(["catalog", "config"], (state) => (button.disabled = explainAbsence(state, key) !== ""), { signal });
  return button;
}

/** A generated sample with its needle, as the picture draws them. */
function createSampleNeedle() {
  return make("span", { className: "legend-sample", attributes: { "aria-hidden": "true" } }, [
    make("span", { className: "legend-needle" }),
    make("span", { className: "sign sign-generated" }),
  ]);
}
