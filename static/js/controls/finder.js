/** The dialog behind every "More": all that a menu has, to be searched and chosen from. */

import { make, setText } from "../plots/elements.js";
import { find } from "./dom.js";
import { matches } from "./search.js";

/** @typedef {ReturnType<typeof createFinder>} Finder */

/**
 * One thing to choose: `more` is said below its help, `picture` makes what is seen beside it.
 *
 * @typedef {object} Candidate
 * @property {string} value
 * @property {string} label
 * @property {string} [help]
 * @property {string} [more]
 * @property {() => HTMLElement} [picture]
 */

/**
 * @param {HTMLDialogElement} dialog
 * @param {{signal: AbortSignal}} options
 */
export function createFinder(dialog, { signal }) {
  const title = find(dialog, "h2");
  const input = /** @type {HTMLInputElement} */ (find(dialog, "input"));
  const count = find(dialog, "[role=status]");
  const list = find(dialog, "ul");
  /** @type {{item: HTMLElement, button: HTMLButtonElement, words: string}[]} */
  let rows = [];

  function filter() {
    for (const { item, words } of rows) item.hidden = !matches(input.value, words);
    setText(count, `${listShown().length} of ${rows.length}`);
  }
  const listShown = () => rows.filter(({ item }) => !item.hidden).map(({ button }) => button);

  input.addEventListener("input", filter, { signal });
  input.addEventListener(
    "keydown",
    (event) => {
      // Enter in the field would close the dialog, as its only form is the one that does.
      if (event.key !== "Enter") return;
      event.preventDefault();
      listShown()[0]?.click();
    },
    { signal },
  );
  dialog.addEventListener(
    "keydown",
    (event) => {
      const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!direction) return;
      event.preventDefault();
      /** @type {HTMLElement[]} */
      const stops = [input, ...listShown()];
      stops[stops.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + direction]?.focus();
    },
    { signal },
  );

  return {
    /**
     * @param {string} name what is chosen from, in one word or two
     * @param {readonly Candidate[]} candidates
     * @param {(value: string) => boolean} isChosen
     * @param {(value: string) => void} choose called after the dialog has closed
     */
    open(name, candidates, isChosen, choose) {
      setText(title, name);
      input.value = "";
      rows = candidates.map((candidate, i) => buildRow(candidate, i, isChosen(candidate.value)));
      rows.forEach(({ button }, i) => {
        button.addEventListener("click", () => {
          dialog.close();
          choose(candidates[i]?.value ?? "");
        });
      });
      list.replaceChildren(...rows.map(({ item }) => item));
      filter();
      dialog.showModal();
      input.focus(); // not by an attribute, which a frame of another site is refused with an error
      list.scrollTop = 0;
    },
  };
}

/**
 * @param {Candidate} candidate
 * @param {number} i
 * @param {boolean} isChosen
 */
function buildRow({ value, label, help = "", more = "", picture }, i, isChosen) {
  const id = `finder-${i}`;
  const button = make("button", { type: "button", className: "finder-choice" }, [
    ...(picture ? [picture()] : []),
    make("span", { className: "finder-words" }, [
      make("b", { id }, [label]),
      make("span", { id: `${id}-help`, className: "field-help" }, [[help, more].filter(Boolean).join(" ")]),
    ]),
  ]);
  button.setAttribute("aria-labelledby", id);
  button.setAttribute("aria-describedby", `${id}-help`);
  button.setAttribute("aria-pressed", String(isChosen));
  return { item: make("li", {}, [button]), button, words: [label, value, help, more].join(" ") };
}
