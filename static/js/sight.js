/** Which pictures are in the window, or near it: while a run plays, the others need no frames. */

/** @typedef {import("./state.js").PageStore} PageStore */
/** @typedef {import("./state.js").InSight} InSight */

/** So far from the window a picture counts as seen, so that it is there when it is scrolled to. */
const NEAR = "50% 0px";

/**
 * @param {Readonly<Record<keyof InSight, HTMLElement>>} pictures
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function watchSight(pictures, store, { signal }) {
  const names = /** @type {(keyof InSight)[]} */ (Object.keys(pictures));
  const observer = new IntersectionObserver(
    (entries) => {
      const inSight = { ...store.get().inSight };
      for (const name of names) {
        const entry = entries.findLast(({ target }) => target === pictures[name]);
        if (entry) inSight[name] = entry.isIntersecting;
      }
      store.set({ inSight });
    },
    { rootMargin: NEAR },
  );
  for (const name of names) observer.observe(pictures[name]);
  signal.addEventListener("abort", () => observer.disconnect());
}
