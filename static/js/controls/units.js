/** A unit to choose (a loss, an optimizer, a data set), with fields for its own parameters. */

import { make } from "../plots/elements.js";
import { readPath } from "./configs.js";
import { createChoiceField, createNumberField } from "./fields.js";
import { createMenu, listOptions } from "./menu.js";

/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */
/** @typedef {import("../state.js").ParameterFacts} ParameterFacts */

/** Parameters that everybody turns; the others of an optimizer wait behind "More". */
const FIRST = new Set(["learning_rate"]);

/**
 * @param {string} section The config's key: `loss`, `d_optimizer`, …
 * @param {string} label
 * @param {Workshop} workshop
 * @returns {Part}
 */
export function createUnit(section, label, workshop) {
  const { catalog, commit, restarts } = workshop;
  const kind = /** @type {import("../state.js").UnitKind} */ (catalog.run.sections[section]);
  const units = catalog[kind];
  const path = `${section}.name`;
  const choice = createMenu(
    { label, help: "", restarts: restarts(path) },
    listOptions(units, kind),
    (name) => commit(path, name),
    workshop,
  );
  const inner = make("div", { className: "unit-more" });
  const element = make("div", { className: "unit" }, [choice.element, inner]);
  /** @type {Map<string, Field>} */
  let fields = new Map();
  let shown = "";

  return {
    element,
    show(config) {
      const name = String(readPath(config, path));
      choice.show(name);
      if (name !== shown) {
        shown = name;
        fields = buildFields(section, units.find((unit) => unit.key === name)?.parameters ?? [], workshop);
        inner.replaceChildren(...arrangeFields(fields, section));
        inner.hidden = fields.size === 0;
      }
      for (const [key, field] of fields) field.show(readPath(config, key));
    },
    field: (wanted) => (wanted === path ? choice : fields.get(wanted)),
  };
}

/**
 * @param {string} section
 * @param {ParameterFacts[]} parameters
 * @param {Pick<Workshop, "commit" | "restarts">} workshop
 * @returns {Map<string, Field>} By dotted path.
 */
export function buildFields(section, parameters, { commit, restarts }) {
  /** @type {Map<string, Field>} */
  const fields = new Map();
  for (const facts of parameters) {
    const path = `${section}.${facts.key}`;
    if (facts.type === "number") {
      fields.set(
        path,
        createNumberField(facts, restarts(path), (value) => commit(path, value)),
      );
    } else if (facts.type === "choice") {
      const options = facts.options.map((value) => ({ value, label: capitalise(value) }));
      fields.set(
        path,
        createChoiceField({ ...facts, restarts: restarts(path) }, options, (value) => commit(path, value)),
      );
    }
  }
  return fields;
}

/**
 * An optimizer shows its learning rate; what is rarely turned is folded away.
 *
 * @param {Map<string, Field>} fields
 * @param {string} section
 * @returns {HTMLElement[]}
 */
function arrangeFields(fields, section) {
  const entries = [...fields].map(([path, { element }]) => ({
    element,
    first: FIRST.has(path.slice(section.length + 1)),
  }));
  if (!entries.some(({ first }) => first)) return entries.map(({ element }) => element);
  const rest = entries.filter(({ first }) => !first).map(({ element }) => element);
  const shown = entries.filter(({ first }) => first).map(({ element }) => element);
  if (rest.length === 0) return shown;
  const more = make("details", {}, [
    make("summary", {}, ["More of the optimizer"]),
    make("div", { className: "unit-more" }, rest),
  ]);
  return [...shown, more];
}

/** @param {string} text */
function capitalise(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
