/** The settings, generated from the catalogue: what decides a run, grouped by whom it belongs to. */

import { make } from "../plots/elements.js";
import { find } from "./dom.js";
import { createAlone, createFreeze } from "./freeze.js";
import { showFormula } from "./formula.js";
import { isGiven } from "./given.js";
import { buildNetwork } from "./network.js";
import { createPresets } from "./presets.js";
import { createSwitches } from "./switches.js";
import { createUnit } from "./units.js";
import { buildNumber, createWorkshop } from "./workshop.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("./configs.js").Change} Change */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./finder.js").Finder} Finder */
/** @typedef {import("./given.js").GivenData} GivenData */

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
 * @property {Finder} finder Where all that a menu has is searched.
 * @property {(name: string) => string | undefined} formula The MathML of `kind/key`.
 * @property {(path: string) => boolean} restarts Whether a change at the path begins a new run.
 * @property {() => boolean} showsLegacy Whether another tool's own units are offered too.
 * @property {() => readonly import("../state.js").Mark[]} listMarks What was done with the run up to the step where it stands.
 */

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Change} change
 * @param {GivenData} given
 * @param {{signal: AbortSignal, finder: Finder, train: (player: import("./freeze.js").Learner, count: number) => void}}
 *   options
 */
export function createSettings(root, store, change, given, { signal, finder, train }) {
  /** @type {Part[]} */
  let parts = [];

  store.subscribe(
    ["catalog"],
    ({ catalog }) => {
      if (!catalog) return;
      const workshop = createWorkshop(catalog, store, change, finder, () => parts);
      parts = buildParts(root, { ...workshop, commit: openGiven(workshop.commit, given) });
      const alone = createAlone(train, catalog);
      find(root, "[data-group=discriminator] .freeze-row").append(alone.element);
      parts.push(alone);
    },
    { signal },
  );
  store.subscribe(
    ["catalog", "formulas", "config", "legacy"],
    ({ config }) => {
      if (config) parts.forEach((part) => part.show(config));
    },
    { signal },
  );
  store.subscribe(
    ["catalog", "formulas", "config"],
    ({ catalog, formulas, config }) => {
      if (catalog && config) showFormula(find(root, "[data-group=game] .formula"), formulas[`losses/${config.loss.name}`]);
    },
    { signal },
  );
}

/**
 * Data that a reader makes are made first: choosing them opens their dialog, as their picture does.
 *
 * @param {Workshop["commit"]} commit
 * @param {GivenData} given
 * @returns {Workshop["commit"]}
 */
function openGiven(commit, given) {
  return (path, value) => (path === "data.name" && isGiven(value) ? given.open(value) : commit(path, value));
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
  /** @param {import("./freeze.js").Learner} name */
  const player = (name) => [
    ...buildNetwork(name, workshop),
    createUnit(`${name[0]}_optimizer`, "Optimizer", workshop),
    number(`${name[0]}_updates`),
    createFreeze(name, workshop),
  ];
  /** @type {Record<string, Part[]>} */
  const groups = {
    generator: player("generator"),
    discriminator: player("discriminator"),
    game: [createUnit("loss", "Loss", workshop), number("batch_size"), number("seed")],
    data: [createUnit("data", "Data set", workshop), createUnit("latent", "Noise", workshop)],
    additions: [
      createSwitches("regularizers", "Regularizers", workshop),
      createSwitches("techniques", "Techniques", workshop),
    ],
  };
  const presets = createPresets(workshop);
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
