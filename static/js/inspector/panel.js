/** The inspector's ways: what to look at, and how to close it. */

import { find } from "../controls/dom.js";
import { browserMemory } from "../controls/memory.js";
import { hasEncoder } from "../layers/game.js";
import { formatCount } from "../layers/numbers.js";
import { make, setText } from "../plots/elements.js";
import { countSamples, findNeighbour, NODES } from "./subjects.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").Subject} Subject */

const STORAGE_KEY = "ganlab.inspector";
/** Where Escape has a meaning of its own. */
const ESCAPED = "dialog, [popover], .pace[open], input:not([type=checkbox], [type=radio]), textarea";

/**
 * The buttons of the panel: the phase, a node, a sample, and the samples beside it.
 *
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createWays(root, store, { signal }) {
  const phase = find(root, "[data-way=phase]");
  const sample = find(root, "[data-way=sample]");
  const nodes = /** @type {HTMLSelectElement} */ (find(root, "#inspector-node"));
  const samples = find(root, ".inspector-samples");
  const options = NODES.map(({ key, title }) => make("option", { value: key, textContent: title }));
  nodes.append(...options);
  const encoder = options.find(({ value }) => value === "encoder");

  /** @param {Subject} subject */
  const inspect = (subject) => store.set({ inspected: subject });
  /** @param {number} way */
  function go(way) {
    const { inspected } = store.get();
    const index = inspected?.kind === "sample" ? inspected.index : -1;
    inspect({ kind: "sample", index: findNeighbour(index, way, countSamples(store.get())) });
  }

  phase.addEventListener("click", () => inspect({ kind: "phase" }), { signal });
  sample.addEventListener("click", () => inspect({ kind: "sample", index: store.get().chosen?.index ?? 0 }), { signal });
  nodes.addEventListener("change", () => nodes.value && inspect({ kind: "node", node: nodes.value }), { signal });
  find(samples, "[data-way=previous]").addEventListener("click", () => go(-1), { signal });
  find(samples, "[data-way=next]").addEventListener("click", () => go(1), { signal });
  store.subscribe(["catalog", "config"], (state) => {
    if (encoder) encoder.hidden = encoder.disabled = !hasEncoder(state);
  }, { signal });
  store.subscribe(["inspected", "frame"], (state) => {
    const { inspected } = state;
    phase.setAttribute("aria-pressed", String(inspected?.kind === "phase"));
    sample.setAttribute("aria-pressed", String(inspected?.kind === "sample"));
    nodes.value = inspected?.kind === "node" ? inspected.node : "";
    samples.hidden = inspected?.kind !== "sample";
    if (inspected?.kind !== "sample") return;
    const count = countSamples(state);
    setText(find(samples, "[data-shows=sample]"), `Sample ${formatCount(inspected.index + 1)} of ${formatCount(count)}`);
  }, { signal });
}

/**
 * Opening and closing: by its button, by Escape, and by itself at a phase, if that is wanted.
 *
 * @param {HTMLElement} root
 * @param {readonly HTMLElement[]} openers each with what it opens in `data-opens`
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createDoor(root, openers, store, { signal }) {
  const title = find(root, "#inspector-name");
  const box = /** @type {HTMLInputElement} */ (find(root, "#inspector-opens"));
  /** Where the focus was when the inspector was opened by hand. @type {HTMLElement | null} */
  let former = null;
  let isOpen = false;

  function close() {
    const hadFocus = root.contains(document.activeElement);
    store.set({ inspected: null });
    if (hadFocus) (former?.isConnected ? former : openers[0])?.focus();
  }

  store.set({ opensInspector: browserMemory.recall(STORAGE_KEY) !== "closed" });
  box.addEventListener("change", () => {
    browserMemory.remember(STORAGE_KEY, box.checked ? "open" : "closed");
    store.set({ opensInspector: box.checked });
  }, { signal });
  find(root, "[data-action=close-inspector]").addEventListener("click", close, { signal });
  document.addEventListener("keydown", (event) => {
    if (isOpen && event.key === "Escape" && !isTaken(root, event.target)) close();
  }, { signal });
  for (const opener of openers) {
    opener.addEventListener("click", () => {
      const { inspected, status } = store.get();
      if (inspected && opener.hasAttribute("aria-expanded")) return close();
      store.set({ inspected: chooseFirst(opener, status) });
    }, { signal });
  }
  store.subscribe(["inspected", "opensInspector"], ({ inspected, opensInspector }) => {
    box.checked = opensInspector;
    const opens = inspected !== null && !isOpen;
    isOpen = inspected !== null;
    root.hidden = !isOpen;
    for (const opener of openers) if (opener.hasAttribute("aria-expanded")) opener.setAttribute("aria-expanded", String(isOpen));
    if (!opens) return;
    // A walk from phase to phase keeps the focus at Next phase; who asks for something else is led to it.
    if (inspected?.kind === "phase") return showUnseen(root);
    former = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    title.focus();
  }, { signal });
}

/**
 * Bring an element into the window where nothing of it is there; where it is, nothing moves. Nor does anything where
 * what was pressed would go out of the window.
 *
 * @param {HTMLElement} element
 */
function showUnseen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  const way = Math.min(top, bottom - innerHeight);
  const pressed = document.activeElement;
  const stays = !pressed || pressed === document.body || pressed.getBoundingClientRect().top >= way;
  if (top >= innerHeight && stays) element.scrollIntoView({ block: "nearest" });
}

/**
 * What an opener shows first.
 *
 * @param {HTMLElement} opener
 * @param {import("../state.js").Status | null} status
 * @returns {Subject}
 */
function chooseFirst(opener, status) {
  if (opener.dataset.opens === "sample") return { kind: "sample", index: 0 };
  return status?.phase ? { kind: "phase" } : { kind: "node", node: "generator" };
}

/**
 * Whether Escape is meant for something else than the inspector.
 *
 * @param {HTMLElement} root
 * @param {EventTarget | null} target
 */
function isTaken(root, target) {
  if (document.querySelector("dialog:modal, :popover-open")) return true;
  return target instanceof Element && !root.contains(target) && target.closest(ESCAPED) !== null;
}
