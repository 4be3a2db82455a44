/** Keeps the page's address telling the run: whenever it rests, the fragment becomes the link to what is seen. */

import { writeLink } from "./write.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./options.js").Options} Options */

/** How long nothing must change before the address does, in ms. */
const REST_MS = 400;
/** @type {(keyof PageState)[]} */
const TOLD = ["connection", "catalog", "config", "status", "marks", "layersOn", "view", "leading"];

/**
 * @param {PageStore} store
 * @param {Readonly<Options>} options of the link that the page was opened with; they stay
 * @param {(fragment: string) => void} remember
 * @param {{signal: AbortSignal}} lifetime
 */
export function keepAddress(store, options, remember, { signal }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  store.subscribe(
    TOLD,
    (state) => {
      clearTimeout(timer);
      if (isAtRest(state)) timer = setTimeout(() => tell(state), REST_MS);
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));

  /** @param {Readonly<PageState>} state */
  function tell(state) {
    const fragment = writeLink(state, options)?.fragment;
    if (fragment === undefined) return;
    remember(fragment);
    const hash = fragment && `#${fragment}`;
    if (hash !== location.hash) history.replaceState(null, "", location.pathname + location.search + hash);
  }
}

/** @param {Readonly<PageState>} state */
function isAtRest({ connection, status, leading }) {
  return connection === "open" && status !== null && status.state !== "running" && leading === null;
}
