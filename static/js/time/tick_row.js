/** The row of ticks under the timeline: each leads to the step of what the user did there, and says what it was. */

import { find } from "../controls/dom.js";
import { make, setText, watchSize } from "../plots/elements.js";
import { createChangeCheck } from "../plots/painter.js";
import { describeTick, gatherTicks, placeStep } from "./ticks.js";
import { showTip } from "./tip.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/** Ticks are pressed apart where they are so far from each other, in pixels. */
const GAP = 24;

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {(step: number) => void} go
 * @param {{signal: AbortSignal}} options
 */
export function createTicks(root, store, go, { signal }) {
  const row = find(root, ".time-marks");
  const tip = find(root, ".time-tip");
  /**
   * The buttons are kept, so that the focus stays where it is while the run goes on; and each one's words are, because
   * while it goes on only the places change.
   *
   * @type {{button: HTMLButtonElement, isOther: ReturnType<typeof createChangeCheck>}[]}
   */
  const kept = [];
  let width = 0;

  function addButton() {
    const button = make("button", { type: "button", className: "time-tick" }, [make("span", { className: "visually-hidden" })]);
    const say = () => showTip(tip, button.textContent ?? "", Number(button.dataset.part));
    const hide = () => (tip.hidden = true);
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, say, { signal });
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, hide, { signal });
    button.addEventListener("click", () => go(Number(button.dataset.step)), { signal });
    kept.push({ button, isOther: createChangeCheck() });
    row.append(button);
  }

  function show() {
    const { status, marks, catalog } = store.get();
    const range = /** @type {const} */ ([status?.first ?? 0, status?.head ?? 0]);
    const ticks = width > 0 ? gatherTicks(marks, range, GAP / width) : [];
    while (kept.length < ticks.length) addButton();
    for (const { button } of kept.splice(ticks.length)) button.remove();
    for (const [i, { button, isOther }] of kept.entries()) {
      const tick = /** @type {import("./ticks.js").Tick} */ (ticks[i]);
      const part = placeStep(tick.step, range);
      button.dataset.step = String(tick.step);
      button.dataset.part = String(part);
      button.style.setProperty("inset-inline-start", `${100 * part}%`);
      if (isOther([catalog, ...tick.marks])) setText(find(button, "span"), describeTick(tick, catalog));
    }
  }

  watchSize(row, (size) => {
    width = size.width;
    show();
  }, { signal });
  store.subscribe(["marks", "status", "catalog"], show, { signal });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && (tip.hidden = true), { signal });
}
