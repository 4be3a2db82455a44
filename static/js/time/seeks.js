/** Wishes to be at a step: only the newest counts, and one is on its way at a time. */

/**
 * @typedef {object} Seeks
 * @property {(step: number) => void} go
 * @property {() => number | null} wish The step that is not reached yet; none where all is done.
 */

/**
 * @param {(step: number) => Promise<void>} send Resolves when the run is there, or will not come there.
 * @param {() => void} settle Called when no wish is left.
 * @returns {Seeks}
 */
export function createSeeks(send, settle) {
  /** @type {number | null} */
  let wish = null;
  let isSending = false;

  async function run() {
    isSending = true;
    while (wish !== null) {
      const step = wish;
      await send(step);
      if (wish === step) wish = null;
    }
    isSending = false;
    settle();
  }

  return {
    go(step) {
      wish = step;
      if (!isSending) void run();
    },
    wish: () => wish,
  };
}
