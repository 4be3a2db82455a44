/** When to try again: exponential backoff with full jitter, so that a class does not come back all at once. */

const FIRST_MS = 300;
const LONGEST_MS = 8_000;

/**
 * @param {number} attempts How many attempts have failed in a row.
 * @param {number} random A random number in [0, 1).
 * @returns {number} Milliseconds to wait.
 */
export function chooseDelay(attempts, random) {
  return random * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempts);
}

/**
 * Fetch JSON from a lab that may still be warming up: an answer of 503, or none, is asked for again.
 *
 * @param {string} address
 * @param {{signal: AbortSignal}} options
 * @returns {Promise<any>}
 */
export async function fetchPatiently(address, { signal }) {
  for (let attempts = 0; ; attempts += 1) {
    const answer = await fetch(address, { signal }).catch(() => null);
    if (answer?.ok) return answer.json();
    if (answer && answer.status !== 503) throw new Error(`${address}: expected an answer of 200, got ${answer.status}`);
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, chooseDelay(attempts, Math.random())));
  }
}
