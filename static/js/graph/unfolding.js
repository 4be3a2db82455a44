/** When the generator's picture unfolds: for two seconds after its node is hovered or focused. */

const DURATION = 2000;

/**
 * How far the unfolding is, slow at both ends.
 * @param {number} elapsed in ms
 * @returns {number | null} none before it begins and when it is over
 */
export function measureWay(elapsed) {
  if (!(elapsed >= 0 && elapsed < DURATION)) return null;
  const way = elapsed / DURATION;
  return way * way * (3 - 2 * way);
}

/**
 * Watch a node, and ask for a picture in every frame of the unfolding and once after it.
 * @param {HTMLElement} node
 * @param {() => void} repaint
 * @param {{signal: AbortSignal}} options
 * @returns {{measure: () => number | null}}
 */
export function watchUnfolding(node, repaint, { signal }) {
  let begun = Number.NaN;
  let waiting = 0;
  const measure = () => measureWay(performance.now() - begun);

  function begin() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    begun = performance.now();
    if (!waiting) advance();
  }

  function advance() {
    waiting = measure() === null ? 0 : requestAnimationFrame(advance);
    node.toggleAttribute("data-unfolding", waiting !== 0);
    repaint();
  }

  function end() {
    if (node.matches(":hover, :focus")) return;
    begun = Number.NaN;
  }

  for (const type of ["pointerenter", "focus"]) node.addEventListener(type, begin, { signal });
  for (const type of ["pointerleave", "blur"]) node.addEventListener(type, end, { signal });
  signal.addEventListener("abort", () => cancelAnimationFrame(waiting));
  return { measure };
}
