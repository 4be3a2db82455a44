/** The View menu: a popover with one group of radio buttons for each choice of the page's look. */

import { applyAppearance, readAppearance, rememberChoice, watchSystem } from "./root.js";

/** @typedef {import("./choices.js").Appearance} Appearance */
/** @typedef {import("./choices.js").ChoiceName} ChoiceName */

/**
 * Put the look of this visit on the page, and let the menu change it.
 *
 * @param {HTMLElement} menu its radio buttons have the choices' names and values
 * @param {URLSearchParams} address
 * @param {{signal: AbortSignal, onChange?: (appearance: Appearance) => void}} options
 * @returns {Appearance} the look to begin with
 */
export function createViewMenu(menu, address, { signal, onChange = () => {} }) {
  const begin = readAppearance(address);
  show(menu, begin);
  /** @param {Appearance} appearance */
  function change(appearance) {
    show(menu, appearance);
    onChange(appearance);
  }
  menu.addEventListener(
    "change",
    (event) => {
      const { name, value } = /** @type {HTMLInputElement} */ (event.target);
      rememberChoice(/** @type {ChoiceName} */ (name), value);
      // A wish in the address is for the beginning of the visit; what is chosen now wins over it.
      address.delete(name);
      change(readAppearance(address));
    },
    { signal },
  );
  watchSystem(() => change(readAppearance(address)), { signal });
  return begin;
}

/**
 * @param {HTMLElement} menu
 * @param {Appearance} appearance
 */
function show(menu, appearance) {
  applyAppearance(appearance);
  for (const input of menu.querySelectorAll("input")) {
    input.checked = appearance[/** @type {ChoiceName} */ (input.name)] === input.value;
  }
}
