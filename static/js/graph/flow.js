/** Who is learning right now: both while the run trains, one for a moment after its single update, else nobody. */

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").Status} Status */
/** @typedef {"both" | "discriminator" | "generator" | "none"} Actor */

const MOMENT = 1200;

/**
 * Tell who learned between two statuses of one run.
 * @param {Pick<Status, "d_updates" | "g_updates" | "revision"> | null} before
 * @param {Pick<Status, "d_updates" | "g_updates" | "revision">} after
 * @returns {Actor}
 */
export function compareUpdates(before, after) {
  if (!before || before.revision !== after.revision) return "none";
  const discriminator = after.d_updates > before.d_updates;
  const generator = after.g_updates > before.g_updates;
  if (discriminator && generator) return "both";
  if (discriminator) return "discriminator";
  return generator ? "generator" : "none";
}

/**
 * Call the listener whenever another player learns.
 * @param {PageStore} store
 * @param {(actor: Actor) => void} listener
 * @param {{signal: AbortSignal}} options
 */
export function watchFlow(store, listener, { signal }) {
  /** @type {Status | null} */
  let last = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const update = (/** @type {Pick<PageState, "status" | "connection">} */ { status, connection }) => {
    const before = last;
    last = status;
    if (!status) return;
    if (status.state === "running") {
      clearTimeout(timer);
      listener(connection === "open" ? "both" : "none");
      return;
    }
    // Whoever goes to a later step of the record sees what was learned in between, and nobody learning.
    const isJump = before?.head === status.head && status.step - before.step > 1;
    const actor = before?.state === "running" || isJump ? "none" : compareUpdates(before, status);
    if (actor === "none" && before?.state !== "running") return;
    clearTimeout(timer);
    listener(actor);
    timer = setTimeout(() => listener("none"), MOMENT);
  };
  store.subscribe(["status", "connection"], update, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}
