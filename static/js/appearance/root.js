/**
 * Puts a look on the page, remembers what a reader chose, and asks the system what it prefers.
 *
 * tokens.css states the dark colours once, under `@media (prefers-color-scheme: dark)`; choosing a theme rewrites that
 * rule's condition, so that every colour keeps one definition.
 */

import { browserMemory } from "../controls/memory.js";
import { CHOICE_NAMES, chooseAppearance } from "./choices.js";

/** @typedef {import("./choices.js").Appearance} Appearance */
/** @typedef {import("./choices.js").ChoiceName} ChoiceName */

const DARK = matchMedia("(prefers-color-scheme: dark)");
const MORE_CONTRAST = matchMedia("(prefers-contrast: more)");
const darkRule = findDarkRule();

/** @returns {CSSMediaRule | undefined} */
function findDarkRule() {
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule instanceof CSSMediaRule && rule.conditionText.includes("prefers-color-scheme: dark")) return rule;
    }
  }
  return undefined;
}

/** @param {Appearance} appearance */
export function applyAppearance(appearance) {
  if (darkRule) darkRule.media.mediaText = appearance.theme === "dark" ? "all" : "not all";
  for (const name of CHOICE_NAMES) document.documentElement.dataset[name] = appearance[name];
}

/**
 * The look that this visit's address, the reader's memory and the system ask for.
 *
 * @param {URLSearchParams} address
 */
export function readAppearance(address) {
  const remembered = Object.fromEntries(CHOICE_NAMES.map((name) => [name, browserMemory.recall(keyOf(name))]));
  return chooseAppearance(address, remembered, {
    theme: DARK.matches ? "dark" : "light",
    contrast: MORE_CONTRAST.matches ? "high" : "normal",
  });
}

/**
 * @param {ChoiceName} name
 * @param {string} value
 */
export function rememberChoice(name, value) {
  browserMemory.remember(keyOf(name), value);
}

/**
 * Call the listener when the system changes what it prefers.
 *
 * @param {() => void} listener
 * @param {{signal: AbortSignal}} options
 */
export function watchSystem(listener, { signal }) {
  for (const query of [DARK, MORE_CONTRAST]) query.addEventListener("change", listener, { signal });
}

/** @param {ChoiceName} name */
function keyOf(name) {
  return `ganlab.${name}`;
}
