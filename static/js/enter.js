/** The page at the door: it shows the link's token, or the one that is typed, and goes in. */

import { createViewMenu } from "./appearance/menu.js";
import { separateToken, takeToken } from "./link/token.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("door"));
const field = /** @type {HTMLInputElement} */ (document.getElementById("token"));
const refusal = /** @type {HTMLElement} */ (document.getElementById("refusal"));
const menu = document.getElementById("view-menu");
if (menu) createViewMenu(menu, new URLSearchParams(location.search), { signal: new AbortController().signal });

/** @param {string} token */
async function show(token) {
  refusal.textContent = "";
  try {
    const body = JSON.stringify({ token });
    const answer = await fetch("/enter", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (answer.ok) location.reload();
    else refusal.textContent = "This is not the lab’s token. It may have another one since it was started again.";
  } catch {
    refusal.textContent = "The lab does not answer. Is it still running?";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = field.value.trim();
  // Whoever pastes the whole link means the token in it.
  show(separateToken(typed.slice(typed.indexOf("#") + 1)).token || typed);
});
const brought = takeToken();
if (brought) show(brought);
