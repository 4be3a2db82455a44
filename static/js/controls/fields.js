/** Fields: a label, a control, a line of help, and a line that says what is wrong. */

import { make, setText } from "../plots/elements.js";
import { POSITIONS, formatNumber, readNumber, toPosition, toValue } from "./numbers.js";

/** @typedef {import("../state.js").NumberFacts} NumberFacts */

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {(value: unknown) => void} show Show a value; what a reader is typing stays.
 * @property {(problem: string) => void} complain Say what is wrong, or with "" that nothing is.
 */

/** @typedef {{label: string, help: string, restarts: boolean}} Heading */
/**
 * One option of a menu: `group` is the heading that it stands under, `about` the address where more is told of it.
 *
 * @typedef {{value: string, label: string, help?: string, group?: string, about?: string}} Option
 */

let numFields = 0;

/**
 * The frame of a field around its control.
 *
 * @param {Heading} heading
 * @param {HTMLElement} control The element that the label names.
 * @param {HTMLElement} row The control, and what stands beside it.
 */
function frameField({ label, help, restarts }, control, row) {
  numFields += 1;
  const id = `field-${numFields}`;
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-problem ${id}-help`);
  const head = make("div", { className: "field-head" }, [
    make("label", { className: "field-label", htmlFor: id }, [label]),
  ]);
  if (restarts)
    head.append(make("span", { className: "restarts", title: "A change begins a new run at step 0" }, ["restarts"]));
  const helpLine = make("p", { className: "field-help", id: `${id}-help` }, [help]);
  const problemLine = make("p", { className: "field-problem", id: `${id}-problem` });
  problemLine.setAttribute("role", "alert");
  const element = make("div", { className: "field" }, [head, row, problemLine, helpLine]);
  /** @param {string} problem */
  function complain(problem) {
    setText(problemLine, problem);
    control.setAttribute("aria-invalid", String(problem !== ""));
  }
  return { element, helpLine, complain };
}

/**
 * A number to type and to slide; `commit` is called with a number that is in range, when the reader has settled on it.
 *
 * @param {NumberFacts} facts
 * @param {boolean} restarts
 * @param {(value: number) => void} commit
 * @returns {Field}
 */
export function createNumberField(facts, restarts, commit) {
  const input = make("input", {
    className: "input number",
    type: "text",
    inputMode: facts.integer ? "numeric" : "decimal",
  });
  input.autocomplete = "off";
  const { slider, moveTo } = createSlider(facts, (value, settled) => {
    input.value = formatNumber(value);
    complain("");
    if (settled) commit(value);
  });
  // A seed has no order worth sliding along.
  const ordered = facts.scale === "log" || facts.maximum - facts.minimum <= 1e6;
  const row = make("div", { className: "field-row" }, ordered ? [slider, input] : [input]);
  const { element, complain } = frameField({ ...facts, restarts }, input, row);
  element.dataset.number = facts.key;
  let typing = false;
  input.addEventListener("input", () => (typing = true));
  input.addEventListener("change", () => {
    typing = false;
    const { value, problem } = readNumber(input.value, facts);
    complain(problem);
    if (value === null) return;
    moveTo(value);
    commit(value);
  });
  return {
    element,
    complain,
    show(value) {
      if (typing || typeof value !== "number") return;
      input.value = formatNumber(value);
      moveTo(value);
      complain("");
    },
  };
}

/**
 * A slider over the number's range, in its scale.
 *
 * @param {NumberFacts} facts
 * @param {(value: number, settled: boolean) => void} move Called while it moves, and once more when it is let go.
 */
function createSlider(facts, move) {
  // Few whole numbers, few positions: each arrow key then moves by one.
  const whole = facts.integer && facts.scale === "linear" && facts.maximum - facts.minimum <= POSITIONS;
  const slider = make("input", { className: "slider", type: "range", step: "1" });
  slider.min = whole ? String(facts.minimum) : "0";
  slider.max = whole ? String(facts.maximum) : String(POSITIONS);
  slider.setAttribute("aria-label", `${facts.label}, slider`);
  const read = () => (whole ? Number(slider.value) : toValue(Number(slider.value), facts));
  /** @param {number} value */
  function tell(value) {
    slider.setAttribute("aria-valuetext", formatNumber(value));
  }
  for (const type of ["input", "change"]) {
    slider.addEventListener(type, () => {
      tell(read());
      move(read(), type === "change");
    });
  }
  /** @param {number} value */
  function moveTo(value) {
    slider.value = String(whole ? value : toPosition(value, facts));
    tell(value);
  }
  return { slider, moveTo };
}

/**
 * One of some options; where the options have their own help, it stands below.
 *
 * @param {Heading} heading
 * @param {readonly Option[]} options
 * @param {(value: string) => void} commit
 * @param {HTMLElement} [beside] What stands beside the menu.
 * @returns {Field & {select: HTMLSelectElement}}
 */
export function createChoiceField(heading, options, commit, beside) {
  const select = make("select", { className: "select" });
  select.append(...groupOptions(options));
  const row = beside ? make("div", { className: "field-row" }, [select, beside]) : select;
  const { element, helpLine, complain } = frameField(heading, select, row);
  let told = "";
  function showHelp() {
    if (told === select.value && told !== "") return;
    told = select.value;
    const chosen = options.find(({ value }) => value === told);
    helpLine.replaceChildren(chosen?.help ?? heading.help, ...(chosen?.about ? [" ", linkReference(chosen)] : []));
  }
  select.addEventListener("change", () => {
    complain("");
    showHelp();
    commit(select.value);
  });
  return {
    element,
    select,
    complain,
    show(value) {
      select.value = typeof value === "string" ? value : "";
      complain("");
      showHelp();
    },
  };
}

/**
 * The place of a unit in the reference, in a tab of its own, so that the run stays where it is.
 *
 * @param {Pick<Option, "label" | "about">} option
 */
export function linkReference({ label, about = "" }) {
  const link = make("a", { href: about, target: "_blank", rel: "noopener", className: "about" }, ["Reference"]);
  link.setAttribute("aria-label", `Reference: ${label}, opens a new tab`);
  return link;
}

/**
 * Options under the headings of their groups, which are in the order in which they first come.
 *
 * @param {readonly Option[]} options
 */
function groupOptions(options) {
  /** @param {Option} option */
  const build = ({ value, label }) => make("option", { value }, [label]);
  const groups = [...new Set(options.map(({ group }) => group))];
  return groups.flatMap((group) => {
    const members = options.filter((option) => option.group === group).map(build);
    return group ? [make("optgroup", { label: group }, members)] : members;
  });
}
