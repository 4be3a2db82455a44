/** What is there to unfold in the inspector stays unfolded, and keeps the focus, when its numbers are told anew. */

import { make } from "../plots/elements.js";

/** The names of what the reader has unfolded. @typedef {Set<string>} Unfolded */

/**
 * Make a heading that unfolds; its content is made when it is first wanted.
 *
 * @param {Unfolded} unfolded
 * @param {string} key
 * @param {string} summary
 * @param {() => readonly Node[]} build
 */
export function createFold(unfolded, key, summary, build) {
  const element = make("details", { className: "fold", attributes: { "data-keep": key } }, [
    make("summary", { textContent: summary, attributes: { "data-keep": `${key} summary` } }),
  ]);
  let isBuilt = false;
  function fill() {
    if (isBuilt) return;
    isBuilt = true;
    element.append(...build());
  }
  if (unfolded.has(key)) {
    element.open = true;
    fill();
  }
  element.addEventListener("toggle", () => {
    if (element.open) {
      unfolded.add(key);
      fill();
    } else unfolded.delete(key);
  });
  return element;
}

/** What each part was when it was put in: since then a reader may have scrolled, copied or selected in it. @type {WeakMap<Element, Node>} */
const pristine = new WeakMap();

/**
 * Put other content into a place; parts that say the same stay as they are. In the others the focus goes back to where
 * it was, and where the same is told as before, what was scrolled stays so, and what was said of a button's deed.
 *
 * @param {HTMLElement} place
 * @param {readonly HTMLElement[]} content
 * @param {{isSame: boolean}} options whether it tells of the same as before, with other numbers
 */
export function renewContent(place, content, { isSame }) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const former = nameKept(place);
  const kept = [...former].find(([, element]) => element === focused)?.[0];
  const scrolled = [...former].map(([name, { scrollLeft, scrollTop, textContent }]) => ({ name, scrollLeft, scrollTop, textContent }));
  replaceParts(place, content);
  const present = nameKept(place);
  if (isSame) {
    for (const { name, scrollLeft, scrollTop, textContent } of scrolled) {
      const element = present.get(name);
      if (!element || element === former.get(name)) continue;
      element.scrollLeft = scrollLeft;
      element.scrollTop = scrollTop;
      if (element.role === "status") element.textContent = textContent;
    }
  }
  if (!focused || focused === document.activeElement) return;
  (present.get(kept ?? "") ?? place).focus({ preventScroll: true });
}

/**
 * @param {HTMLElement} place
 * @param {readonly HTMLElement[]} content
 */
function replaceParts(place, content) {
  const former = [...place.children];
  for (const [i, part] of content.entries()) {
    const before = former[i];
    // What is folded is built when it is unfolded, from the numbers of its time: such a part is always made anew.
    if (before && !part.querySelector("details") && pristine.get(before)?.isEqualNode(part)) continue;
    pristine.set(part, part.cloneNode(true));
    if (before) before.replaceWith(part);
    else place.append(part);
  }
  for (const part of former.slice(content.length)) part.remove();
}

/**
 * All that is to be found again in other content, by its name and, of the same name, by its turn.
 *
 * @param {HTMLElement} place
 * @returns {Map<string, HTMLElement>}
 */
function nameKept(place) {
  /** @type {Map<string, number>} */
  const turns = new Map();
  /** @type {NodeListOf<HTMLElement>} */
  const all = place.querySelectorAll("[data-keep]");
  return new Map(
    [...all].map((element) => {
      const name = element.dataset.keep ?? "";
      const turn = turns.get(name) ?? 0;
      turns.set(name, turn + 1);
      return [`${name} ${turn}`, element];
    }),
  );
}
