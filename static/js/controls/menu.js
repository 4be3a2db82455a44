/** A choice among many: the first few in a menu, all of them behind "More", where they can be searched. */

import { make } from "../plots/elements.js";
import { createChoiceField } from "./fields.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Heading} Heading */
/** @typedef {import("./fields.js").Option} Option */
/** @typedef {import("./finder.js").Finder} Finder */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */

/** A menu of so many is short enough to be shown whole. */
const SHORT = 6;
/** Of a longer one in which none is named as basic, so many are shown. */
const FEW = 5;

/**
 * An option of a menu; `first` is shown without being asked for, `paper` is where it comes from.
 *
 * @typedef {Option & {first: boolean, paper?: string, legacy?: boolean}} MenuOption
 */

/**
 * The units of a kind as the options of a menu.
 *
 * @param {readonly UnitFacts[]} units
 * @param {string} kind
 * @returns {MenuOption[]}
 */
export function listOptions(units, kind) {
  const first = new Set(listFirst(units));
  return units.map((unit) => ({
    value: unit.key,
    label: unit.label,
    help: unit.help,
    paper: writePaper(unit),
    about: `/reference#${kind}-${unit.key}`,
    first: first.has(unit),
    legacy: unit.legacy === true,
  }));
}

/**
 * What a menu shows at once: all where they are few, else the basic ones.
 *
 * @template {{basic?: boolean, legacy?: boolean}} Unit
 * @param {readonly Unit[]} units
 * @returns {Unit[]}
 */
export function listFirst(units) {
  const usual = units.filter(({ legacy }) => legacy !== true);
  const basic = usual.filter((unit) => unit.basic);
  if (usual.length <= SHORT) return usual;
  return basic.length > 0 ? basic : usual.slice(0, FEW);
}

/** @param {Pick<UnitFacts, "paper">} unit */
export function writePaper({ paper }) {
  return paper ? `${paper.authors}: ${paper.title}, ${paper.year}.` : "";
}

/**
 * @param {string} name what is chosen from
 * @param {() => void} open
 */
export function createMore(name, open) {
  const button = make("button", { type: "button", className: "button more", textContent: "More" });
  button.setAttribute("aria-label", `More: ${name}`);
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", open);
  return button;
}

/**
 * @param {Heading} heading
 * @param {readonly MenuOption[]} options
 * @param {(value: string) => void} commit
 * @param {{finder: Finder, showsLegacy: () => boolean}} parts
 * @returns {Field & {select: HTMLSelectElement}}
 */
export function createMenu(heading, options, commit, { finder, showsLegacy }) {
  const isOffered = (/** @type {MenuOption} */ { legacy }) => legacy !== true || showsLegacy();
  const more = createMore(heading.label, () => {
    const candidates = options.filter(isOffered).map((option) => ({ ...option, more: option.paper }));
    finder.open(heading.label, candidates, (value) => value === field.select.value, choose);
  });
  const field = createChoiceField(heading, options, take, more);

  /** @param {string} value */
  function choose(value) {
    if (value === field.select.value) return;
    field.show(value);
    take(value);
  }

  /**
   * The list follows at once, as the sentence below it does: not only when the server has answered.
   *
   * @param {string} value
   */
  function take(value) {
    hideOthers(value);
    commit(value);
  }

  /** @param {unknown} chosen */
  function hideOthers(chosen) {
    // Another tool's own are few, and shown as soon as they are asked for.
    /** @param {MenuOption} one */
    const isShown = (one) => one.value === chosen || one.first || (one.legacy && isOffered(one));
    for (const option of field.select.options) {
      const known = options.find(({ value }) => value === option.value);
      if (known) option.hidden = !isShown(known);
    }
  }

  more.hidden = options.every(({ first, legacy }) => first || legacy);
  return {
    ...field,
    show(value) {
      hideOthers(value);
      field.show(value);
    },
  };
}
