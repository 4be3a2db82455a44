/** The timeline: a slider over all steps of the present branch, the curve of its losses, and a field to type a step. */

import { find, passFocus } from "../controls/dom.js";
import { readNumber } from "../controls/numbers.js";
import { formatCount } from "../layers/numbers.js";
import { watchPalette } from "../palette.js";
import { setText, watchSize } from "../plots/elements.js";
import { createPainter } from "../plots/painter.js";
import { describeLosses, paintCurve, traceLosses } from "./curve.js";
import { describePosition } from "./past.js";
import { createSeeks } from "./seeks.js";
import { createTicks } from "./tick_row.js";
import { placeStep } from "./ticks.js";
import { showTip } from "./tip.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../controls/actions.js").Actions} Actions */
/** @typedef {import("./seeks.js").Seeks} Seeks */

/** While the run trains, the curve is drawn so often at most, in ms. */
const TURN = 250;

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createTimeline(root, store, actions, { signal }) {
  const slider = /** @type {HTMLInputElement} */ (find(root, ".time-slider"));
  const ahead = find(root, ".time-ahead");
  const seeks = createSeeks(
    (step) => actions.seek(step),
    () => show(store.get()),
  );
  const showStep = createStepField(root, seeks, store, signal);
  const end = /** @type {HTMLButtonElement} */ (find(root, "[data-action=go-to-end]"));

  /** @param {Readonly<PageState>} state */
  function show({ status }) {
    const { first, head, step } = status ?? { first: 0, head: 0, step: 0 };
    // Where the reader wants to be is shown at once; the run follows.
    const shown = seeks.wish() ?? step;
    slider.min = String(first);
    slider.max = String(head);
    slider.value = String(shown);
    slider.setAttribute("aria-valuetext", describePosition(shown, head));
    ahead.style.setProperty("inset-inline-start", `${100 * placeStep(shown, [first, head])}%`);
    const hasPast = head > first;
    // What is done cannot be pressed again; the keys go on from the slider, or from Play where there is no past.
    if (shown === head && end === document.activeElement) slider.focus();
    if (!hasPast && root.contains(document.activeElement)) passFocus();
    end.disabled = shown === head;
    slider.disabled = !hasPast;
    showStep(shown, [first, head]);
  }

  slider.addEventListener("input", () => {
    seeks.go(Number(slider.value));
    show(store.get());
  }, { signal });
  end.addEventListener("click", () => {
    seeks.go(store.get().status?.head ?? 0);
    show(store.get());
  }, { signal });
  store.subscribe(["status"], show, { signal });
  createCurve(root, store, signal);
  createTicks(root, store, (step) => seeks.go(step), { signal });
}

/**
 * The field to type a step into; gives what shows the present one.
 *
 * @param {HTMLElement} root
 * @param {Seeks} seeks
 * @param {PageStore} store
 * @param {AbortSignal} signal
 */
function createStepField(root, seeks, store, signal) {
  const form = /** @type {HTMLFormElement} */ (find(root, ".time-ways"));
  const field = /** @type {HTMLInputElement} */ (find(form, "#time-step"));
  const go = /** @type {HTMLButtonElement} */ (find(form, "[type=submit]"));
  const complaint = find(form, "#time-step-problem");

  /** @param {string} problem */
  function complain(problem) {
    setText(complaint, problem);
    field.setAttribute("aria-invalid", String(problem !== ""));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { first, head } = store.get().status ?? { first: 0, head: 0 };
    const range = { minimum: first, maximum: head, integer: true, scale: /** @type {const} */ ("linear") };
    const { value, problem } = readNumber(field.value, range);
    complain(problem);
    if (value === null) return;
    seeks.go(value);
    field.select();
  }, { signal });
  /** @param {FocusEvent} event */
  function leave({ relatedTarget }) {
    // What was typed stays on the way to the button that goes there.
    if (relatedTarget === go || relatedTarget === field) return;
    complain("");
    field.value = String(store.get().status?.step ?? 0);
  }
  field.addEventListener("blur", leave, { signal });
  go.addEventListener("blur", leave, { signal });
  field.addEventListener("focus", () => field.select(), { signal });
  // A button that is tapped has no focus everywhere: then the field must not lose its own.
  go.addEventListener("mousedown", (event) => event.preventDefault(), { signal });

  return (/** @type {number} */ step, /** @type {readonly [number, number]} */ [first, head]) => {
    field.disabled = go.disabled = head === first;
    field.title = `From step ${formatCount(first)} to ${formatCount(head)}`;
    if (field !== document.activeElement && go !== document.activeElement) field.value = String(step);
  };
}

/**
 * The curve behind the slider, and the losses under the pointer.
 *
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {AbortSignal} signal
 */
function createCurve(root, store, signal) {
  const strip = find(root, ".time-strip");
  const picture = find(strip, ".time-picture");
  const canvas = /** @type {HTMLCanvasElement} */ (find(picture, ".time-curve"));
  const tip = find(root, ".time-tip");
  /** @type {import("../palette.js").Palette | null} */
  let palette = null;
  let paintedAt = 0;

  const request = createPainter(() => {
    const { status, history } = store.get();
    if (!palette || !status) return;
    paintedAt = performance.now();
    paintCurve(canvas, traceLosses(history, [status.first, status.head]), palette);
  }, { signal });

  /** @param {PointerEvent} event */
  function point({ clientX }) {
    const { status, history } = store.get();
    const { left, width } = picture.getBoundingClientRect();
    if (!status || status.head === status.first || width === 0) return;
    const part = Math.max(0, Math.min(1, (clientX - left) / width));
    const step = Math.round(status.first + part * (status.head - status.first));
    showTip(tip, describeLosses(history, step), part);
  }

  strip.addEventListener("pointermove", point, { signal });
  strip.addEventListener("pointerleave", () => (tip.hidden = true), { signal });
  watchSize(canvas, request, { signal });
  watchPalette((colours) => {
    palette = colours;
    request();
  }, { signal });
  store.subscribe(["history", "status"], ({ status }) => {
    if (status?.state !== "running" || performance.now() - paintedAt >= TURN) request();
  }, { signal });
}
