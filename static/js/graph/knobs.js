/**
 * Settings beside the nodes they belong to: the same run as in the settings below, with fewer words.
 *
 * They are made when they are asked for and taken away again, so a page that does not show them has none.
 */

import { find } from "../controls/dom.js";
import { createFreeze } from "../controls/freeze.js";
import { buildNetwork } from "../controls/network.js";
import { readNumber } from "../controls/numbers.js";
import { createUnit } from "../controls/units.js";
import { buildNumber, createWorkshop } from "../controls/workshop.js";
import { make } from "../plots/elements.js";

/** @typedef {import("../controls/settings.js").Part} Part */
/** @typedef {import("../controls/settings.js").Workshop} Workshop */
/** @typedef {import("../controls/configs.js").Change} Change */
/** @typedef {import("../controls/finder.js").Finder} Finder */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * @param {HTMLElement} root the overview's place
 * @param {HTMLElement} button shows and hides them
 * @param {PageStore} store
 * @param {Change} change
 * @param {{signal: AbortSignal, finder: Finder}} options
 */
export function createKnobs(root, button, store, change, { signal, finder }) {
  /** @type {AbortController | null} */
  let shown = null;

  function toggle() {
    if (shown) {
      shown.abort();
      shown = null;
    } else {
      shown = new AbortController();
      const both = AbortSignal.any([signal, shown.signal]);
      showKnobs(find(root, ".overview"), store, change, { signal: both, finder });
    }
    button.setAttribute("aria-pressed", String(shown !== null));
  }

  button.addEventListener("click", toggle, { signal });
}

/**
 * Put the settings into the graph until the signal aborts.
 * @param {HTMLElement} graph
 * @param {PageStore} store
 * @param {Change} change
 * @param {{signal: AbortSignal, finder: Finder}} options
 */
function showKnobs(graph, store, change, { signal, finder }) {
  /** @type {Part[]} */
  let parts = [];
  /** @type {HTMLElement[]} */
  let groups = [];
  store.subscribe(
    ["catalog"],
    ({ catalog }) => {
      if (!catalog) return;
      const built = buildGroups(createWorkshop(catalog, store, change, finder, () => parts));
      parts = built.flatMap((group) => group.parts);
      for (const group of groups) group.remove();
      groups = built.map(({ element }) => element);
      graph.append(...groups);
    },
    { signal },
  );
  store.subscribe(
    ["catalog", "config", "legacy"],
    ({ config }) => {
      if (config) parts.forEach((part) => part.show(config));
    },
    { signal },
  );
  signal.addEventListener("abort", () => groups.forEach((group) => group.remove()));
}

/**
 * @param {Workshop} workshop
 */
function buildGroups(workshop) {
  const unit = (/** @type {string} */ section, /** @type {string} */ label) => createUnit(section, label, workshop);
  const player = (/** @type {"generator" | "discriminator"} */ name) => [
    ...buildNetwork(name, workshop, buildCounter),
    unit(`${name[0]}_optimizer`, "Optimizer"),
    buildRunNumber(`${name[0]}_updates`, workshop),
    createFreeze(name, workshop),
  ];
  return [
    frameGroup("noise", "Noise settings", [unit("latent", "Noise")]),
    frameGroup("generator", "Generator settings", player("generator")),
    frameGroup("discriminator", "Discriminator settings", player("discriminator")),
    frameGroup("loss", "Loss settings", [unit("loss", "Loss")]),
  ];
}

/**
 * @param {string} key
 * @param {string} name
 * @param {Part[]} parts
 */
function frameGroup(key, name, parts) {
  const legend = make("legend", { textContent: name });
  const fields = parts.map(({ element }) => element);
  return { parts, element: make("fieldset", { className: `knobs knobs-${key}` }, [legend, ...fields]) };
}

/**
 * @param {string} key
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildRunNumber(key, workshop) {
  const facts = workshop.catalog.run.numbers.find((candidate) => candidate.key === key);
  if (!facts) throw new Error(`the catalogue has no number called ${key}`);
  return buildCounter(key, facts, workshop);
}

/**
 * A whole number with a button at each side: one less, one more.
 * @param {string} path
 * @param {NumberFacts} facts
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildCounter(path, facts, workshop) {
  const part = buildNumber(path, facts, workshop);
  const input = /** @type {HTMLInputElement} */ (find(part.element, ".input"));

  /** @param {number} difference */
  function move(difference) {
    const { value } = readNumber(input.value, facts);
    if (value === null) return;
    const next = Math.max(facts.minimum, Math.min(facts.maximum, value + difference));
    if (next === value) return;
    part.field(path)?.show(next);
    workshop.commit(path, next);
  }

  input.before(createArrow(`${facts.label}: one less`, "−", () => move(-1)));
  input.after(createArrow(`${facts.label}: one more`, "+", () => move(1)));
  part.element.classList.add("counter-field");
  return part;
}

/**
 * @param {string} name
 * @param {string} text
 * @param {() => void} press
 */
function createArrow(name, text, press) {
  const button = make("button", { type: "button", className: "button knob-arrow", textContent: text });
  button.setAttribute("aria-label", name);
  button.addEventListener("click", press);
  return button;
}
