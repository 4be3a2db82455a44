/** What a reader can ask of the run, by button or by key; what is refused becomes the page's `problem`. */

import { requestPlay } from "./pace.js";

/** @typedef {import("../state.js").Pace} Pace */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").Player} Player */
/** @typedef {import("../socket.js").Lab} Lab */
/** @typedef {ReturnType<typeof createActions>} Actions */
/** @typedef {Extract<import("../commands.js").Request, {type: "switch" | "rename" | "delete" | "restore"}>} TreeRequest */

/** New seeds stay below this, so that a class can read one out loud. */
const SEEDS = 10_000;

/**
 * @param {PageStore} store
 * @param {Lab} lab
 */
export function createActions(store, lab) {
  /** @param {() => Promise<void>} action */
  async function attempt(action) {
    store.set({ problem: null });
    try {
      await action();
    } catch (error) {
      store.set({ problem: /** @type {Error} */ (error).message });
    }
  }

  /** A run that plays takes over the new pace at once; one that stands still is left alone. */
  function changeGear() {
    return attempt(async () => {
      if (isRunning()) await lab.command(requestPlay(store.get()));
    });
  }

  const isRunning = () => store.get().status?.state === "running";

  return {
    toggle() {
      return attempt(async () => {
        if (isRunning()) return lab.command({ type: "pause" });
        store.set({ acting: "both" });
        return lab.command(requestPlay(store.get()));
      });
    },
    toggleSlow() {
      store.set({ slow: !store.get().slow });
      return changeGear();
    },
    nextPhase() {
      return attempt(async () => {
        store.set({ slow: true, acting: null });
        await lab.command({ type: "advance" });
        const { opensInspector, inspected } = store.get();
        if (opensInspector && inspected?.kind !== "phase") store.set({ inspected: { kind: "phase" } });
      });
    },
    /** @param {Partial<Pace>} change */
    setPace(change) {
      store.set({ pace: { ...store.get().pace, ...change } });
      return changeGear();
    },
    /**
     * @param {Player} player
     * @param {number} [count] updates of that player alone, or whole steps
     */
    step(player, count = 1) {
      return attempt(async () => {
        if (isRunning()) await lab.command({ type: "pause" });
        store.set({ acting: player });
        await lab.command({ type: "step", player, count });
      });
    },
    back() {
      return attempt(async () => {
        if (isRunning()) await lab.command({ type: "pause" });
        store.set({ acting: null });
        await lab.command({ type: "back", by: store.get().slow ? "phase" : "step" });
      });
    },
    /** @param {number} step */
    seek(step) {
      return attempt(() => {
        store.set({ acting: null });
        return lab.command({ type: "seek", step });
      });
    },
    /**
     * Change the tree of branches, or go to another one.
     *
     * @param {TreeRequest} request
     */
    tend(request) {
      return attempt(() => lab.command(request));
    },
    reset() {
      return attempt(() => lab.command({ type: "reset", seed: null }));
    },
    restartElsewhere() {
      return attempt(() => lab.command({ type: "reset", seed: drawSeed(store.get().config?.seed) }));
    },
  };
}

/** @param {number | undefined} present The seed that the new one must differ from. */
function drawSeed(present) {
  const seed = Math.floor(Math.random() * (SEEDS - 1));
  return present !== undefined && seed >= present ? seed + 1 : seed;
}
