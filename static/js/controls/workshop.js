/** What every place with settings shares: how a change is asked for, and how a number's field is made. */

import { assignPath, beginsRun, readPath } from "./configs.js";
import { createNumberField } from "./fields.js";
import { askWithNeeds } from "./needs.js";
import { Refused } from "./refusals.js";

/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./configs.js").Change} Change */
/** @typedef {import("./finder.js").Finder} Finder */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").RunConfig} RunConfig */

/**
 * @param {Catalog} catalog
 * @param {PageStore} store
 * @param {Change} change
 * @param {Finder} finder
 * @param {() => readonly Part[]} listParts the parts of that place; what is refused is said at its field
 * @returns {Workshop}
 */
export function createWorkshop(catalog, store, change, finder, listParts) {
  /** @param {string} path */
  function findField(path) {
    return listParts()
      .map((part) => part.field(path))
      .find((field) => field !== undefined);
  }

  /**
   * Where a refusal is told: at the field that it names, or at the one that was changed, where it names another part of
   * the run, which may be far away.
   *
   * @param {string} path of the change
   * @param {string} named what the refusal names, if anything
   */
  function findPlace(path, named) {
    const [section = "", place = "", ...keys] = named.split(".");
    const isNear = path === "" || section === path.split(".")[0];
    // A place in a list is one in the run that was asked for; the fields of a list are found by their units' names.
    const unit = readPath(store.get().asked, `${section}.${place}.name`);
    const wanted = typeof unit === "string" ? [section, unit, ...keys].join(".") : named;
    return (isNear ? findField(wanted) : undefined) ?? findField(path);
  }

  const changeUnits = askWithNeeds(store, change);

  return {
    catalog,
    async commit(path, value) {
      store.set({ problem: null });
      try {
        const ask = path.endsWith(".name") ? changeUnits : change;
        await ask((config) => (path === "" ? /** @type {RunConfig} */ (value) : assignPath(config, path, value)));
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        // A menu or a switch shows the run as it still is, and then the words; what was typed stays beside them.
        if (typeof value !== "number") store.set({ config: store.get().config });
        await Promise.resolve();
        const field = findPlace(path, error instanceof Refused ? (error.said.refusal?.path ?? "") : "");
        if (field) field.complain(message);
        else store.set({ problem: message });
      }
    },
    finder,
    formula: (name) => store.get().formulas[name],
    showsLegacy: () => store.get().legacy,
    listMarks() {
      const { marks, status } = store.get();
      return marks.filter(({ step }) => step <= (status?.step ?? 0));
    },
    restarts: (path) => beginsRun(path, catalog),
  };
}

/**
 * @param {string} path
 * @param {NumberFacts} facts
 * @param {Workshop} workshop
 * @returns {Part}
 */
export function buildNumber(path, facts, { commit, restarts }) {
  const field = createNumberField(facts, restarts(path), (value) => commit(path, value));
  return framePart(path, field);
}

/**
 * @param {string} path
 * @param {Field} field
 * @returns {Part}
 */
export function framePart(path, field) {
  return {
    element: field.element,
    show: (config) => field.show(readPath(config, path)),
    field: (wanted) => (wanted === path ? field : undefined),
  };
}
