/** What stands around the layered picture: its checkboxes and its caption. */

import { describeChosen } from "../layers/chosen.js";
import { findDimension } from "../layers/dimension.js";
import { CHECKBOX_ORDER, LAYERS } from "../layers/layers.js";
import { describeEstimate, describePeak } from "../layers/line/samples.js";
import { formatCount, formatNumber } from "../layers/numbers.js";
import { findPicture } from "../layers/pictures.js";
import { describeReturn } from "../layers/reconstructions.js";
import { countOutside } from "../layers/samples.js";
import { explainAbsence, listShown, switchLayer } from "../layers/switch.js";
import { make, setText } from "./elements.js";

/** @typedef {import("../layers/marks.js").Scene} Scene */
/** @typedef {import("../state.js").PageStore} PageStore */

/** Layers of one-dimensional data with a curve that is estimated from samples. */
const ESTIMATED = ["generated", "averaged", "refined"];
/** Layers of techniques, and of some losses: nobody who has none of these on asks for them. */
const WHERE_WANTED = new Set(["averaged", "refined", "reconstructed", "streams"]);

/**
 * Make the layers' checkboxes, each with the sign that its marks have in the picture.
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 * @returns {HTMLElement}
 */
export function createLayerBoxes(store, { signal }) {
  const group = make("fieldset", { className: "layer-boxes" }, [
    make("legend", { className: "visually-hidden", textContent: "Layers" }),
  ]);
  for (const key of CHECKBOX_ORDER) {
    const layer = LAYERS.find((candidate) => candidate.key === key);
    if (!layer) continue;
    const box = make("input", { type: "checkbox" });
    const sign = make("span", { className: `sign sign-${key}`, attributes: { "aria-hidden": "true" } });
    const label = make("label", { className: "check layer-box" }, [box, sign, layer.label]);
    group.append(label);
    box.addEventListener("change", () => switchLayer(store, key, box.checked), { signal });
    store.subscribe(
      ["catalog", "config", "layersOn"],
      (state) => {
        box.checked = listShown(state).has(key);
        const absence = explainAbsence(state, key);
        box.disabled = absence !== "";
        label.hidden = WHERE_WANTED.has(key) && box.disabled;
        const help = findPicture(findDimension(state)).layers.find((one) => one.key === key)?.help;
        label.title = absence || help || "";
        if (absence) box.setAttribute("aria-description", absence);
        else box.removeAttribute("aria-description");
      },
      { signal },
    );
  }
  return group;
}

/**
 * Make the caption: the keys of surface and needles, and how many samples cannot be seen.
 */
export function createCaption() {
  const [fake, middle, real] = [0, 1, 2].map(() => make("span", { className: "key-number" }));
  const surfaceName = make("span");
  const surface = make("div", { className: "key key-surface" }, [
    surfaceName,
    make("span", { className: "key-ramp" }, [make("span", { className: "ramp" }), fake, middle, real]),
  ]);
  const bar = make("span", { className: "key-needle" });
  const needleText = make("span");
  const needle = make("div", { className: "key" }, [bar, needleText]);
  const gap = make("p");
  const company = make("p");
  const back = make("p");
  const renewal = make("p");
  const outside = make("p", { className: "outside" });
  const chosen = make("p");
  const estimate = make("p");
  const summary = make("p", { className: "visually-hidden", id: "layered-summary", textContent: "No picture yet" });
  const element = make("div", { className: "picture-caption" }, [surface, company, renewal, gap, needle, back, estimate, chosen, outside]);

  return {
    element,
    summary,
    /**
     * @param {Scene} scene
     * @param {{shown: ReadonlySet<string>, needle: number, needlePixels: number}} view
     */
    show(scene, view) {
      const isBest = view.shown.has("optimum");
      surface.hidden = !isBest && !(view.shown.has("surface") && scene.arrays.surface);
      setText(surfaceName, `${isBest ? "Best discriminator" : "Discriminator"}'s ${scene.score.name}`);
      setText(company, scene.company ?? "");
      company.hidden = !view.shown.has("surface") || !scene.company;
      setText(renewal, scene.renewal ?? "");
      renewal.hidden = !view.shown.has("real") || !scene.renewal;
      setText(gap, describeGap(scene));
      gap.hidden = !isBest;
      [fake, middle, real].forEach((element, i) => setText(element, scene.score.ends[i]));
      needle.hidden = !(view.shown.has("gradients") && scene.arrays.gradients);
      bar.style.setProperty("inline-size", `${Math.round(view.needlePixels)}px`);
      setText(needleText, `A needle of this length = ${formatNumber(view.needle)} loss per unit`);
      setText(back, describeReturn(scene));
      back.hidden = !view.shown.has("reconstructed") || !back.textContent;
      setText(chosen, describeChosen(scene));
      chosen.hidden = !chosen.textContent;
      setText(estimate, describeEstimate(scene));
      estimate.hidden = scene.dimension !== 1 || !ESTIMATED.some((key) => view.shown.has(key));
      const beyond = [describeFewer(scene) || describeOutside(scene), describePeak(scene)].filter(Boolean);
      setText(outside, view.shown.has("generated") ? beyond.join(". ") : "");
    },
    /** @param {string} text */
    summarize(text) {
      setText(summary, text);
    },
  };
}

/**
 * Say how far the discriminator is from the best one; nothing where that is not known.
 * @param {Pick<Scene, "arrays">} scene
 */
export function describeGap({ arrays }) {
  const gap = arrays.optimal_gap?.data[0];
  return gap === undefined ? "" : `The discriminator that learns is ${formatNumber(gap)} away from it, on average over all points`;
}

/**
 * Say how many of the generated samples are shown while frames come too slowly; nothing where that is all of them.
 * @param {Scene} scene
 */
export function describeFewer({ arrays, samples = 0, box }) {
  const points = arrays.x_fake;
  const [shown = 0] = points?.shape ?? [];
  if (!points || !(shown < samples)) return "";
  const lost = countOutside(points, box);
  const beyond = lost ? `; ${formatCount(lost)} of them ${lost === 1 ? "lies" : "lie"} outside` : "";
  return `To keep up, ${formatCount(shown)} of ${formatCount(samples)} samples are shown${beyond}`;
}

/**
 * Say how many generated samples the picture cannot show; nothing where it shows all.
 * @param {Scene} scene
 */
export function describeOutside({ arrays, box }) {
  const points = arrays.x_fake;
  const count = points ? countOutside(points, box) : 0;
  if (!points || count === 0) return "";
  const [total] = points.shape;
  const verb = count === 1 ? "lies" : "lie";
  return `${formatCount(count)} of ${formatCount(total)} generated samples ${verb} outside the picture`;
}

/**
 * Say in words what the picture shows, for those who do not see it.
 * @param {Scene} scene
 * @param {number} step
 */
export function describePicture(scene, step) {
  const { arrays, score } = scene;
  const parts = [`Step ${formatCount(step)}.`];
  const sorts = /** @type {const} */ ([
    ["x_real", "real_logits", "real"],
    ["x_fake", "fake_logits", "generated"],
  ]);
  for (const [points, logits, name] of sorts) {
    const samples = arrays[points];
    if (!samples) continue;
    const outputs = arrays[logits]?.data;
    const mean = outputs ? outputs.reduce((sum, d) => sum + score.read(d), 0) / outputs.length : Number.NaN;
    const scored = outputs ? `, mean ${score.name} ${formatNumber(mean)}` : "";
    parts.push(`${formatCount(samples.shape[0])} ${name} samples${scored}.`);
  }
  const outside = describeOutside(scene);
  if (outside) parts.push(`${outside}.`);
  return parts.join(" ");
}
