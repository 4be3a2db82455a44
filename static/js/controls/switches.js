/** The units of a list (regularizers, techniques) as switches by name; one that is on shows its formula and numbers. */

import { explainNoPart } from "../layers/game.js";
import { make, setText } from "../plots/elements.js";
import { readPath } from "./configs.js";
import { linkReference } from "./fields.js";
import { showFormula } from "./formula.js";
import { namePlace } from "./labels.js";
import { createMore, listFirst, writePaper } from "./menu.js";
import { buildFields } from "./units.js";

/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../state.js").UnitFacts} UnitFacts */
/** @typedef {"regularizers" | "techniques"} ListKey */

/** "A, B or C". */
const LIST = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** The lists whose units may keep each other off. @type {readonly ListKey[]} */
const LISTS = ["regularizers", "techniques"];

/**
 * One unit's switch; its place is there from the beginning, and hidden where nobody has asked for it.
 *
 * @typedef {object} Switch
 * @property {UnitFacts} unit
 * @property {HTMLElement} element
 * @property {HTMLInputElement} input
 * @property {Map<string, Field>} fields By dotted path.
 * @property {(config: RunConfig) => void} show
 */

/**
 * @param {ListKey} section
 * @param {string} label
 * @param {Workshop} workshop
 * @returns {Part}
 */
export function createSwitches(section, label, workshop) {
  const { catalog, commit, finder } = workshop;
  const units = catalog[section];
  const first = new Set(listFirst(units));
  const switches = units.map((unit) => createSwitch(section, unit, workshop));
  /** The names of the list as it was shown last. @type {string[]} */
  let names = [];

  const more = createMore(label, () => {
    const candidates = units.map((unit) => ({
      value: unit.key,
      label: unit.label,
      help: unit.help,
      more: writePaper(unit),
    }));
    finder.open(label, candidates, (key) => names.includes(key), reveal);
  });
  /** @param {string} key */
  function reveal(key) {
    const wanted = switches.find(({ unit }) => unit.key === key);
    if (!wanted) return;
    wanted.element.hidden = false;
    wanted.input.focus();
    if (!wanted.input.checked) wanted.input.click();
  }

  const problem = make("p", { className: "field-problem" });
  problem.setAttribute("role", "alert");
  const head = make("div", { className: "switches-head" }, [make("h3", {}, [label]), more]);
  const element = make("div", { className: "switches" }, [head, problem, ...switches.map((one) => one.element)]);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label);
  element.hidden = units.length === 0;
  for (const one of switches) one.element.hidden = !first.has(one.unit);
  more.hidden = first.size === units.length;

  /** @type {Field} */
  const whole = { element, show: () => undefined, complain: (words) => setText(problem, words) };
  for (const { unit, input } of switches) {
    input.addEventListener("change", () => commit(`${section}.${unit.key}`, input.checked));
  }
  return {
    element,
    show(config) {
      names = config[section].map(({ name }) => name);
      setText(problem, "");
      for (const one of switches) {
        // What was on stays in its place once it is off.
        if (names.includes(one.unit.key)) one.element.hidden = false;
        one.show(config);
      }
    },
    field(wanted) {
      const [list, name, key] = wanted.split(".");
      if (list !== section) return undefined;
      const fields = switches.find(({ unit }) => unit.key === name)?.fields;
      return fields?.get(`${section}.${name}.${key}`) ?? whole;
    },
  };
}

/**
 * @param {ListKey} section
 * @param {UnitFacts} unit
 * @param {Workshop} workshop
 * @returns {Switch}
 */
function createSwitch(section, unit, workshop) {
  const { catalog, restarts, formula } = workshop;
  const path = `${section}.${unit.key}`;
  const id = `switch-${section}-${unit.key}`;
  const input = make("input", { type: "checkbox", name: path });
  const help = make("p", { className: "field-help", id: `${id}-help` }, [
    unit.help,
    " ",
    linkReference({ label: unit.label, about: `/reference#${section}-${unit.key}` }),
  ]);
  const absence = make("p", { className: "switch-absence", id: `${id}-absence` });
  const equations = make("div", { className: "formula", tabIndex: 0, role: "group" });
  equations.setAttribute("aria-label", `Formula of ${unit.label}`);
  const fields = buildFields(path, unit.parameters, workshop);
  const inner = make("div", { className: "unit-more" }, [equations, ...[...fields.values()].map((one) => one.element)]);
  const label = make("label", { className: "check switch-name" }, [input, unit.label]);
  if (restarts(path)) label.append(make("span", { className: "restarts" }, ["restarts"]));
  const element = make("div", { className: "switch" }, [label, help, absence, inner]);
  input.setAttribute("aria-describedby", `${help.id} ${absence.id}`);
  // It keeps the focus, and says why it does nothing.
  input.addEventListener("click", (event) => {
    if (input.getAttribute("aria-disabled") === "true") event.preventDefault();
  });
  return {
    unit,
    element,
    input,
    fields,
    show(config) {
      const own = config[section].find(({ name }) => name === unit.key);
      const reason = own ? "" : describeAbsence(unit, section, config, catalog);
      input.checked = own !== undefined;
      input.setAttribute("aria-disabled", String(reason !== ""));
      setText(absence, reason);
      element.dataset.state = own ? "on" : reason ? "absent" : "off";
      inner.hidden = !own;
      showFormula(equations, formula(`${section}/${unit.key}`));
      for (const [place, field] of fields) field.show(own?.[place.slice(path.length + 1)]);
    },
  };
}

/**
 * Why a unit cannot be switched on beside what the run has, or "" where it can.
 *
 * @param {UnitFacts} unit
 * @param {ListKey} section
 * @param {RunConfig} config
 * @param {Catalog} catalog
 * @returns {string}
 */
export function describeAbsence(unit, section, config, catalog) {
  const alone = unit.needs_discriminator ? explainNoPart({ catalog, config }) : "";
  if (alone) return `Not now. ${alone}`;
  const because = unit.because ? `: ${unit.because}` : "";
  for (const [place, names] of Object.entries(unit.goes_with ?? {})) {
    if (names.includes(String(readPath(config, `${place}.name`)))) continue;
    const kind = catalog.run.sections[place];
    const labels = names.map((name) => (kind && catalog[kind].find(({ key }) => key === name)?.label) ?? name);
    return `Not now. It goes with ${LIST.format(labels)}${because}.`;
  }
  for (const place of Object.keys(unit.needs ?? {})) {
    if (!Number(readPath(config, place))) return `Not now. It goes with ${namePlace(place, catalog, config)} of 1 or more${because}.`;
  }
  for (const place of LISTS) {
    for (const { name, network } of config[place]) {
      const other = catalog[place].find(({ key }) => key === name);
      if (!other || !mayMeet(unit, other, network)) continue;
      if (unit.apart?.[name]) return `Not together with ${other.label}: ${unit.apart[name]}.`;
      if (other.apart?.[unit.key]) return `Not now. ${other.label} is on: ${other.apart[unit.key]}.`;
    }
  }
  return "";
}

/**
 * Whether two units are about a common network: not where each is on one, and these are two.
 *
 * @param {UnitFacts} unit as it would be switched on
 * @param {UnitFacts} other
 * @param {unknown} chosen the network of the other one, where that is a choice
 */
function mayMeet(unit, other, chosen) {
  const own = unit.parameters.find(({ key }) => key === "network");
  const networks = [own?.type === "choice" ? own.default : unit.network, chosen ?? other.network];
  return !(networks.includes("generator") && networks.includes("discriminator"));
}
