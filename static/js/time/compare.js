/** The branches that are drawn on the charts beside the present one: which they are, and their histories. */

import { History } from "../history.js";

/** @typedef {import("../state.js").Compared} Compared */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../plots/chart_frame.js").Dash} Dash */
/** @typedef {Parameters<History["append"]>[0]} Rows */

/** How the lines of compared branches are broken; more kinds than these could not be told apart. @type {readonly Dash[]} */
const DASHES = ["dash", "dot", "dashdot", "longdash"];
export const TOO_MANY = `At most ${DASHES.length} branches are compared at once, each with its own kind of line: take one away first.`;

/**
 * Keep what is compared up to date: a branch that was trained further or named anew since is fetched again.
 *
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createComparison(store, { signal }) {
  /** @type {Set<number>} */
  const wanted = new Set();
  /** @type {number | undefined} */
  let generation;
  let round = 0;

  async function refresh() {
    const { tree, session } = store.get();
    // Another session, and an opened file, have other branches under the same numbers.
    if (tree?.generation !== generation) wanted.clear();
    generation = tree?.generation;
    for (const { number, deleted } of tree?.branches ?? []) if (deleted) wanted.delete(number);
    round += 1;
    const own = round;
    const branches = tree?.branches.filter(({ number, deleted }) => wanted.has(number) && !deleted) ?? [];
    const found = await Promise.all(branches.map((facts) => update(session, facts)));
    // A later wish is answered by itself.
    if (own === round && !signal.aborted) store.set({ compared: new Map(found.map((one) => [one.number, one])) });
  }

  /**
   * @param {string | null} session
   * @param {import("../protocol.js").BranchFacts} facts
   * @returns {Promise<Compared>}
   */
  async function update(session, { number, name, head }) {
    const known = store.get().compared.get(number);
    if (known?.head === head) return { ...known, name };
    const history = new History();
    history.append(await fetchScalars(`/api/sessions/${session}/branches/${number}/scalars`, signal));
    return { number, name, head, history };
  }

  async function tell() {
    try {
      await refresh();
    } catch (error) {
      if (!signal.aborted) store.set({ problem: /** @type {Error} */ (error).message });
    }
  }

  store.subscribe(["tree"], () => void tell(), { signal });
  return {
    /** @param {number} number */
    has: (number) => wanted.has(number),
    /**
     * @param {number} number
     * @param {boolean} on
     */
    change(number, on) {
      store.set({ problem: on && wanted.size === DASHES.length ? TOO_MANY : null });
      if (!on) wanted.delete(number);
      else if (wanted.size < DASHES.length) wanted.add(number);
      void tell();
    },
  };
}

/**
 * The compared branches, each with its kind of line, but for the present one: that is drawn anyway.
 *
 * @param {Pick<PageState, "compared" | "tree">} state
 * @returns {(Compared & {dash: Dash})[]}
 */
export function listCompared({ compared, tree }) {
  const all = [...compared.values()].map((branch, i) => ({ ...branch, dash: DASHES[i] ?? "solid" }));
  return all.filter(({ number }) => number !== tree?.current);
}

/**
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Rows>}
 */
async function fetchScalars(address, signal) {
  const answer = await fetch(address, { signal });
  if (answer.ok) return answer.json();
  throw new Error("The lab does not have that branch any more, so it cannot be compared.");
}
