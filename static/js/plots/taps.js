/** Taps on a picture: a press that goes nowhere, by mouse, finger or pen. */

/** A press that moves further than this is a drag, in pixels. */
const STILL = 4;

/**
 * @param {HTMLElement} element
 * @param {(event: PointerEvent) => void} tap
 * @param {{signal: AbortSignal}} options
 */
export function listenToTaps(element, tap, { signal }) {
  /** @type {PointerEvent | null} */
  let begun = null;
  element.addEventListener("pointerdown", (event) => (begun = event.isPrimary && event.button === 0 ? event : null), { signal });
  // The plot lays a cover over the whole page while a button is held, so the end is heard there.
  document.addEventListener("pointerup", (event) => {
    if (begun?.pointerId !== event.pointerId) return;
    const way = Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY);
    begun = null;
    if (way <= STILL) tap(event);
  }, { signal });
  document.addEventListener("pointercancel", () => (begun = null), { signal });
}
