/** Keys that look around in a picture which has the focus. */

/** So far does an arrow go, in parts of what is seen. */
const PAN = 0.1;
/** @type {Record<string, readonly [number, number]>} */
const WAYS = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };

/**
 * @param {HTMLElement} element
 * @param {{pan: (way: readonly [number, number]) => void, zoomIn: () => void, zoomOut: () => void, reset: () => void}} look
 *   a way is to the right and upwards
 * @param {{signal: AbortSignal}} options
 */
export function listenToKeys(element, look, { signal }) {
  /** @type {Record<string, () => void>} */
  const keys = { "+": look.zoomIn, "=": look.zoomIn, "-": look.zoomOut, "0": look.reset };
  element.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const way = WAYS[event.key];
      const act = way ? () => look.pan(way) : keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    },
    { signal },
  );
}
