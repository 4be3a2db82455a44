/** The buttons below a picture: those that act on it, and those that save it. */

import { make } from "./elements.js";

/**
 * Make a row of buttons.
 * @param {readonly {name: string, text: string, press: () => void}[]} tools
 * @param {{signal: AbortSignal, quiet?: boolean}} options `quiet` where they are seldom wanted
 * @returns {HTMLElement}
 */
export function createTools(tools, { signal, quiet = false }) {
  const className = `button ${quiet ? "quiet " : ""}picture-tool`;
  const row = make("div", { className: "picture-tools" });
  for (const { name, text, press } of tools) {
    const button = make("button", { type: "button", className, textContent: text, title: name });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", press, { signal });
    row.append(button);
  }
  return row;
}

/**
 * Make the buttons that save a picture; they can be pressed once plots can be made.
 * @param {(format: "png" | "svg") => void} save
 * @param {{signal: AbortSignal, of?: string, quiet?: boolean}} options `of` names the picture where there are several
 */
export function createSaveTools(save, { of = "picture", ...options }) {
  const element = createTools(
    [
      { name: `Save ${of} as PNG`, text: "PNG", press: () => save("png") },
      { name: `Save ${of} as SVG`, text: "SVG", press: () => save("svg") },
    ],
    options,
  );
  const buttons = [...element.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  return {
    element,
    enable() {
      for (const button of buttons) button.disabled = false;
    },
  };
}
