/** The settings, generated from the catalogue: what decides a run, grouped by whom it belongs to. */

import { make } from "../plots/elements.js";
import { assignPath, findPreset, readPath } from "./configs.js";
import { find } from "./dom.js";
import { createChoiceField, createNumberField } from "./fields.js";
import { showFormula } from "./formula.js";
import { createUnit } from "./units.js";

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

  /**
   * @param {string} path
   * @param {unknown} value
   */
  async function commit(path, value) {
    store.set({ problem: null });
    try {
      await change((config) => (path === "" ? /** @type {RunConfig} */ (value) : assignPath(config, path, value)));
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const field = findField(message.split(":")[0] ?? "") ?? findField(path);
      if (field) field.complain(message);
      else store.set({ problem: message });
    }
  }

  /** @param {string} path */
  function findField(path) {
    return parts.map((part) => part.field(path)).find((field) => field !== undefined);
  }

  store.subscribe(
    ["catalog"],
    ({ catalog }) => {
      if (catalog) parts = buildParts(root, { catalog, commit, restarts: (path) => restarts(catalog, path) });
    },
    { signal },
  );
  store.subscribe(
    ["catalog", "config"],
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
 * @param {Catalog} catalog
 * @param {string} path
 */
function restarts(catalog, path) {
  return catalog.run.restarting.includes(path.split(".")[0] ?? "");
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
  const options = catalog.presets.map(({ key, label, help }) => ({ value: key, label, help }));
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
 * @param {string} path
 * @param {NumberFacts} facts
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildNumber(path, facts, { commit, restarts }) {
  const field = createNumberField(facts, restarts(path), (value) => commit(path, value));
  return framePart(path, field);
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
  ];
}

/**
 * @param {string} path
 * @param {Field} field
 * @returns {Part}
 */
function framePart(path, field) {
  return {
    element: field.element,
    show: (config) => field.show(readPath(config, path)),
    field: (wanted) => (wanted === path ? field : undefined),
  };
}
