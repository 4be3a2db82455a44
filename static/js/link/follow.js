/** Follows a link: trains the run that was begun with its settings to its step, with its changes on the way. */

import { diffConfigs } from "./entries.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../socket.js").Lab} Lab */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("./read.js").Link} Link */

/**
 * Lead the run to where the link says, unless it is led elsewhere on the way: what a user does wins.
 *
 * @param {Pick<Link, "config" | "legs" | "step">} link
 * @param {PageStore} store
 * @param {Lab} lab
 * @param {{signal: AbortSignal}} options
 * @returns {Promise<void>} when it is there, or was led elsewhere
 */
export async function followLink({ config, legs, step }, store, lab, { signal }) {
  const isOpen = (/** @type {Readonly<PageState>} */ state) => state.connection === "open" && state.status !== null;
  const { revision } = await waitFor(store, isOpen, signal);
  let present = config;

  /** Whether the run is still the one that is led, and stands still at that step. @param {number} wanted */
  function isAt(wanted) {
    const now = store.get();
    const isSame = now.revision === revision && now.catalog && now.config && isEqual(present, now.config, now.catalog);
    return isSame && now.status?.state === "paused" && now.status.step === wanted;
  }

  /** @param {number} wanted */
  async function trainTo(wanted) {
    if (isAt(wanted)) return true;
    const begun = store.get().status?.step ?? 0;
    if (wanted < begun || !isAt(begun)) return false;
    await lab.command({ type: "play", rate: null, phases_per_second: null, until: wanted, stop: null });
    await waitFor(store, ({ status }) => status?.state !== "running", signal);
    return isAt(wanted);
  }

  store.set({ leading: step > 0 ? step : null });
  try {
    for (const leg of legs) {
      if (!(await trainTo(leg.step))) return;
      store.set({ asked: leg.config });
      await lab.command({ type: "configure", config: leg.config });
      present = leg.config;
    }
    await trainTo(step);
  } catch (error) {
    store.set({ problem: /** @type {Error} */ (error).message });
  } finally {
    store.set({ leading: null });
  }
}

/**
 * @param {RunConfig} one
 * @param {RunConfig} other
 * @param {import("../state.js").Catalog} catalog
 */
function isEqual(one, other, catalog) {
  return diffConfigs(one, other, catalog).length === 0;
}

/**
 * @param {PageStore} store
 * @param {(state: Readonly<PageState>) => boolean} holds
 * @param {AbortSignal} signal
 * @returns {Promise<Readonly<PageState>>} the first state of which it holds
 */
function waitFor(store, holds, signal) {
  const done = new AbortController();
  return new Promise((resolve) => {
    store.subscribe(
      ["connection", "status"],
      (state) => {
        if (!holds(state)) return;
        done.abort();
        resolve(state);
      },
      { signal: AbortSignal.any([signal, done.signal]) },
    );
  });
}
