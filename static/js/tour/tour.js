/**
 * The guided tour: a panel beside the lab that asks for one thing at a time and sees when it was done.
 *
 * The lab stays in use meanwhile: the panel is a dialog that is not modal, and keeps out of the way of what it points at.
 */

import { find } from "../controls/dom.js";
import { setText } from "../plots/elements.js";
import { Progress } from "./progress.js";
import { STEPS, findStep } from "./steps.js";

/** @typedef {import("../state.js").PageStore} PageStore */

const CONTROLS = "button, input, select, textarea, a[href], summary";

/**
 * @param {HTMLElement} panel
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createTour(panel, store, { signal }) {
  return new Tour(panel, store, signal);
}

class Tour {
  /** @type {AbortController | null} */
  #visit = null;
  /** @type {HTMLElement | null} */
  #cameFrom = null;
  /** @type {HTMLElement | null} */
  #target = null;
  #progress = new Progress(STEPS);

  /**
   * @param {HTMLElement} panel
   * @param {PageStore} store
   * @param {AbortSignal} signal
   */
  constructor(panel, store, signal) {
    this.panel = panel;
    this.store = store;
    this.signal = signal;
    const part = (/** @type {string} */ name) => find(panel, `[data-tour=${name}]`);
    this.parts = { count: part("count"), title: part("title"), task: part("task"), seen: part("seen") };
    this.buttons = { back: part("back"), next: part("next"), go: part("go"), close: part("close") };
    const { back, next, go, close } = this.buttons;
    back.addEventListener("click", () => this.#move(-1), { signal });
    next.addEventListener("click", () => (this.#progress.isLast ? this.close() : this.#move(1)), { signal });
    go.addEventListener("click", () => this.#goToTarget(), { signal });
    close.addEventListener("click", () => this.close(), { signal });
    panel.addEventListener("keydown", ({ key }) => key === "Escape" && this.close(), { signal });
  }

  /**
   * Begin, or begin again.
   *
   * @param {string} key the step to begin with
   */
  open(key = "") {
    this.#visit?.abort();
    if (!this.#visit) this.#cameFrom = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#visit = new AbortController();
    const { signal } = this.#visit;
    this.#progress = new Progress(STEPS, findStep(key));
    this.panel.hidden = false;
    document.documentElement.classList.add("has-tour");
    this.#showStep();
    const keys = /** @type {const} */ (["catalog", "status", "config", "layersOn", "revision"]);
    this.store.subscribe(keys, (state) => this.#look(state), { signal });
    addEventListener("resize", () => this.#keepClear(), { signal });
    addEventListener("scroll", () => this.#keepClear(), { signal, passive: true });
  }

  close() {
    this.#visit?.abort();
    this.#visit = null;
    this.#target?.classList.remove("tour-target");
    this.#target = null;
    this.panel.hidden = true;
    document.documentElement.classList.remove("has-tour");
    if (this.#cameFrom?.isConnected && this.#cameFrom.checkVisibility()) this.#cameFrom.focus();
  }

  /** @param {Readonly<import("../state.js").PageState>} state */
  #look(state) {
    if (this.#progress.look(state)) this.#showDone();
    // Settings are made anew for another run, and may come after the tour has begun.
    if (!this.#target?.isConnected) this.#pointAt();
  }

  /** @param {number} change */
  #move(change) {
    this.#progress.move(change);
    this.#showStep();
    this.#look(this.store.get());
  }

  #showStep() {
    const { step, place, isLast } = this.#progress;
    if (!step) return;
    setText(this.parts.count, `Tour: ${place + 1} of ${STEPS.length}`);
    setText(this.parts.title, step.title);
    setText(this.parts.task, step.task);
    setText(this.parts.seen, "");
    delete this.panel.dataset.done;
    this.buttons.back.hidden = place === 0;
    setText(this.buttons.next, isLast ? "End the tour" : "Skip");
    this.#pointAt();
    this.parts.title.focus({ preventScroll: true });
  }

  #showDone() {
    this.panel.dataset.done = "yes";
    setText(this.parts.seen, `Done. ${this.#progress.step?.seen ?? ""}`);
    setText(this.buttons.next, this.#progress.isLast ? "End the tour" : "Next");
    this.#keepClear();
  }

  /** Outline the control of the step, and bring it into view. */
  #pointAt() {
    this.#target?.classList.remove("tour-target");
    this.#target = document.querySelector(this.#progress.step?.target ?? "none");
    this.#target?.classList.add("tour-target");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#target?.scrollIntoView({ block: "center", behavior: still ? "instant" : "smooth" });
    this.#keepClear();
  }

  /** Stand at the top of the window where the control would be covered at its bottom. */
  #keepClear() {
    const target = this.#target?.getBoundingClientRect();
    const room = innerHeight - this.panel.offsetHeight;
    this.panel.classList.toggle("at-top", target !== undefined && target.bottom > room && target.top > room / 2);
  }

  #goToTarget() {
    const target = this.#target;
    const control = target?.matches(CONTROLS) ? target : target?.querySelector(CONTROLS);
    if (control instanceof HTMLElement) control.focus();
  }
}
