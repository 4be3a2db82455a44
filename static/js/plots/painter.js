/** Painting once an animation frame, whatever happened in between. */

/**
 * Make a request for painting: however often it is called, `paint` runs once in the next animation frame.
 *
 * A hidden tab gets no animation frames, so it paints when it is looked at again. A drawing that throws is reported
 * and does not stop the next one.
 * @param {() => void} paint
 * @param {{signal: AbortSignal}} options
 * @returns {() => void}
 */
export function createPainter(paint, { signal }) {
  let waiting = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(waiting));
  const run = () => {
    waiting = 0;
    try {
      paint();
    } catch (error) {
      reportError(error);
    }
  };
  return () => {
    if (!waiting && !signal.aborted) waiting = requestAnimationFrame(run);
  };
}

/**
 * Tell when what a picture is made of is still the same: then it need not be painted again.
 * @returns {(parts: readonly unknown[]) => boolean} whether anything differs from the last call
 */
export function createChangeCheck() {
  /** @type {readonly unknown[]} */
  let last = [];
  return (parts) => {
    const changed = parts.length !== last.length || parts.some((part, i) => !Object.is(part, last[i]));
    last = parts;
    return changed;
  };
}
