/** The reference's page: it looks as the reader chose, finds what is searched for, and prints all there is. */

import { createViewMenu } from "./appearance/menu.js";
import { find } from "./controls/dom.js";
import { matches } from "./controls/search.js";
import { setText } from "./plots/elements.js";

const { signal } = new AbortController();
createViewMenu(find(document, "#view-menu"), new URLSearchParams(location.search), { signal });

const search = find(document, ".reference-search");
const input = /** @type {HTMLInputElement} */ (find(search, "input"));
const count = find(search, "[role=status]");
const entries = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".entry")]);
const chapters = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".chapter")]);
const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".reference-contents [data-of]")]);

function filter() {
  for (const entry of entries) entry.hidden = !matches(input.value, entry.dataset.words ?? "");
  for (const chapter of chapters) chapter.hidden = chapter.querySelector(".entry:not([hidden])") === null;
  for (const line of lines) line.hidden = document.getElementById(line.dataset.of ?? "")?.hidden ?? false;
  const found = entries.filter(({ hidden }) => !hidden).length;
  setText(count, found === entries.length ? `${found} entries` : `${found} of ${entries.length} entries`);
}

/** What a link leads to is shown, whatever is searched for. */
function showTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.closest("[hidden]")) return;
  input.value = "";
  filter();
  target.scrollIntoView();
}

/** What is wider than its place can be scrolled with the keyboard too. */
function letScroll() {
  for (const part of document.querySelectorAll(".reference-scroll")) {
    part.toggleAttribute("tabindex", false);
    if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
  }
}

/** @param {boolean} open */
function unfold(open) {
  for (const details of document.querySelectorAll("details")) details.open = open;
}

search.hidden = entries.length === 0;
filter();
letScroll();
input.addEventListener("input", filter, { signal });
addEventListener("hashchange", showTarget, { signal });
addEventListener("resize", letScroll, { signal });
document.addEventListener("toggle", letScroll, { signal, capture: true });
addEventListener("beforeprint", () => unfold(true), { signal });
addEventListener("afterprint", () => unfold(false), { signal });
