/** The settings, generated from the catalogue: what decides a run, grouped by whom it belongs to. */

import { make } from "../plots/elements.js";
import { findPreset } from "./configs.js";
import { find } from "./dom.js";
import { createChoiceField } from "./fields.js";
import { showFormula } from "./formula.js";
import { createUnit } from "./units.js";
import { buildNumber, createWorkshop, framePart } from "./workshop.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("./configs.js").Change} Change */
/** @typedef {import("./fields.js").Field} Field */

/**
 * One part of the settings: what it looks like, and how it shows a run's description.
 *
 * @typedef {object} Part
 * @property {HTMLElement} element
 * @property {(config: RunConfig) => void} show
 * @property {(path: string) => Field | undefined} field The field of a dotted path.
 */

/**
 * What builds parts needs to know: the catalogue, and whom to tell of a change at a dotted path.
 *
 * @typedef {object} Workshop
 * @property {Catalog} catalog
 * @property {(path: string, value: unknown) => void} commit
 * @property {(path: string) => boolean} restarts Whether a change at the path begins a new run.
 * @property {() => boolean} showsLegacy Whether another tool's own units are offered too.
 */

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Change} change
 * @param {{signal: AbortSignal}} options
 */
export function createSettings(root, store, change, { signal }) {
  /** @type {Part[]} */
  let parts = [];

  store.subscribe(
    ["catalog"],
    ({ catalog }) => {
      if (catalog) parts = buildParts(root, createWorkshop(catalog, store, change, () => parts));
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
  store.subscribe(
    ["catalog", "formulas", "config"],
    ({ catalog, formulas, config }) => {
      if (catalog && config) showFormula(find(root, ".formula"), formulas[`losses/${config.loss.name}`]);
    },
    { signal },
  );
}

/**
 * Fill the groups, and give their parts.
 *
 * @param {HTMLElement} root
 * @param {Workshop} workshop
 * @returns {Part[]}
 */
function buildParts(root, workshop) {
  const { catalog } = workshop;
  const numbers = Object.fromEntries(catalog.run.numbers.map((facts) => [facts.key, facts]));
  /** @param {string} key */
  const number = (key) => buildNumber(key, /** @type {NumberFacts} */ (numbers[key]), workshop);
  const network = (/** @type {string} */ key) => buildNetwork(key, workshop);
  /** @type {Record<string, Part[]>} */
  const groups = {
    generator: [...network("generator"), createUnit("g_optimizer", "Optimizer", workshop), number("g_updates")],
    discriminator: [...network("discriminator"), createUnit("d_optimizer", "Optimizer", workshop), number("d_updates")],
    game: [createUnit("loss", "Loss", workshop), number("batch_size"), number("seed")],
    data: [createUnit("data", "Data set", workshop), createUnit("latent", "Noise", workshop)],
  };
  const presets = buildPresets(workshop);
  find(root, "[data-place=presets]").replaceChildren(presets.element);
  for (const [key, parts] of Object.entries(groups)) {
    const group = find(root, `[data-group=${key}]`);
    group.replaceChildren(find(group, "legend"), ...parts.map(({ element }) => element));
  }
  const loss = /** @type {Part} */ (groups.game?.[0]);
  loss.element.append(
    make("div", { className: "formula", tabIndex: 0, role: "group", ariaLabel: "Formula of the loss" }),
  );
  return [presets, ...Object.values(groups).flat()];
}

/**
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildPresets({ catalog, commit }) {
  const options = catalog.presets.map(({ key, label, help, watch_for }) => ({
    value: key,
    label,
    help: `${help} Watch for this: ${watch_for.charAt(0).toLowerCase()}${watch_for.slice(1)}`,
  }));
  const heading = {
    label: "Preset",
    help: "Your own settings. Choose a preset to begin from a known run.",
    restarts: true,
  };
  const field = createChoiceField(heading, options, (key) => {
    commit("", catalog.presets.find((preset) => preset.key === key)?.config);
  });
  const own = make("option", { value: "", disabled: true, hidden: true }, ["Your own"]);
  field.select.prepend(own);
  return {
    element: field.element,
    show: (config) => field.show(findPreset(config, catalog) ?? ""),
    field: () => undefined,
  };
}

/**
 * @param {string} section
 * @param {Workshop} workshop
 * @returns {Part[]}
 */
function buildNetwork(section, workshop) {
  const { catalog, commit, restarts } = workshop;
  const path = `${section}.activation`;
  const options = catalog.activations.map(({ key, label, help }) => ({ value: key, label, help }));
  const heading = { label: "Activation", help: "", restarts: restarts(path) };
  return [
    ...catalog.run.network.map((facts) => buildNumber(`${section}.${facts.key}`, facts, workshop)),
    framePart(
      path,
      createChoiceField(heading, options, (value) => commit(path, value)),
    ),
    ...(section === "generator" ? [buildOutput(workshop)] : []),
  ];
}

/**
 * What the generator's last sums go through; a run says it only where it is not the default.
 *
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildOutput({ catalog, commit, restarts }) {
  const path = "generator.output";
  const { output } = catalog.run;
  const options = output.options.map((value) => ({ value, label: value === "linear" ? "Linear" : "Tanh" }));
  const heading = { ...output, restarts: restarts(path) };
  const field = createChoiceField(heading, options, (value) => commit(path, value));
  return { ...framePart(path, field), show: (config) => field.show(config.generator.output ?? output.default) };
}
