/** What every place with settings shares: how a change is asked for, and how a number's field is made. */

import { assignPath, readPath } from "./configs.js";
import { createNumberField } from "./fields.js";

/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./configs.js").Change} Change */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").NumberFacts} NumberFacts */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").RunConfig} RunConfig */

/**
 * @param {Catalog} catalog
 * @param {PageStore} store
 * @param {Change} change
 * @param {() => readonly Part[]} listParts the parts of that place; what is refused is said at its field
 * @returns {Workshop}
 */
export function createWorkshop(catalog, store, change, listParts) {
  /** @param {string} path */
  function findField(path) {
    return listParts()
      .map((part) => part.field(path))
      .find((field) => field !== undefined);
  }

  return {
    catalog,
    async commit(path, value) {
      store.set({ problem: null });
      try {
        await change((config) => (path === "" ? /** @type {RunConfig} */ (value) : assignPath(config, path, value)));
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        const field = findField(message.split(":")[0] ?? "") ?? findField(path);
        if (field) field.complain(message);
        else store.set({ problem: message });
      }
    },
    showsLegacy: () => store.get().legacy,
    listMarks: () => store.get().marks,
    restarts: (path) => catalog.run.restarting.includes(path.split(".")[0] ?? ""),
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
