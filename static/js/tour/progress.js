/** Where a reader is in the tour: which step, since when, and whether it was done. No page, no socket. */

/** @typedef {import("./steps.js").TourStep} TourStep */
/** @typedef {import("./steps.js").State} State */

/** The walk through the steps; a step that was done stays done until it is begun anew. */
export class Progress {
  /** @type {State | null} */
  #start = null;
  #isDone = false;

  /**
   * @param {readonly TourStep[]} steps
   * @param {number} place
   */
  constructor(steps, place = 0) {
    this.steps = steps;
    this.place = place;
  }

  /** The step now, none once the tour is over. */
  get step() {
    return this.steps[this.place] ?? null;
  }

  get isDone() {
    return this.#isDone;
  }

  get isLast() {
    return this.place === this.steps.length - 1;
  }

  /**
   * Look at the state; the first look at a step is what the later ones are compared with.
   *
   * The step begins only once the run is known: what the server tells at the beginning is nobody's deed.
   *
   * @param {State} state
   * @returns {boolean} whether the step has just been done
   */
  look(state) {
    if (!this.step || this.#isDone || !state.status || !state.config) return false;
    this.#start ??= state;
    this.#isDone = this.step.isDone(state, this.#start);
    return this.#isDone;
  }

  /**
   * Go to another step, forwards or back.
   *
   * @param {number} change
   */
  move(change) {
    this.place = Math.max(0, this.place + change);
    this.#start = null;
    this.#isDone = false;
  }
}
