/**
 * A store: one plain object of state, and listeners that name the keys they care about.
 *
 * Changes of one task are told together: listeners run once, in a microtask, with the newest state.
 */

/**
 * @template {object} S
 * @typedef {(state: Readonly<S>) => void} Listener
 */

/**
 * @template {object} S
 * @typedef {object} Store
 * @property {() => Readonly<S>} get The state as it is now.
 * @property {(patch: Partial<S>) => void} set Change some keys. The same plain value again is no change;
 *   the same object again is one, for something inside it may have grown.
 * @property {(keys: readonly (keyof S)[], listener: Listener<S>, options: {signal: AbortSignal}) => void} subscribe
 *   Call `listener` at once, then after changes of any of `keys`, until the signal aborts.
 */

/**
 * @template {object} S
 * @param {S} initial
 * @returns {Store<S>}
 */
export function createStore(initial) {
  let state = { ...initial };
  /** @type {Set<keyof S>} */
  let changed = new Set();
  /** @type {Set<{keys: readonly (keyof S)[], call: (state: Readonly<S>) => void}>} */
  const listeners = new Set();

  function tellListeners() {
    const keys = changed;
    changed = new Set();
    for (const listener of [...listeners]) {
      if (listeners.has(listener) && listener.keys.some((key) => keys.has(key))) callSafely(listener.call);
    }
  }

  /** @param {(state: Readonly<S>) => void} call */
  function callSafely(call) {
    try {
      call(state);
    } catch (error) {
      // One view that throws must not keep the others from their state; the page still reports the error.
      reportError(error);
    }
  }

  return {
    get: () => state,
    set(patch) {
      const keys = /** @type {(keyof S)[]} */ (Object.keys(patch)).filter(
        (key) => Object(patch[key]) === patch[key] || !Object.is(state[key], patch[key]),
      );
      if (keys.length === 0) return;
      state = { ...state, ...patch };
      if (changed.size === 0) queueMicrotask(tellListeners);
      for (const key of keys) changed.add(key);
    },
    subscribe(keys, call, { signal }) {
      if (signal.aborted) return;
      const listener = { keys, call };
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
      callSafely(call);
    },
  };
}
