/** What a tab remembers over a reload; where the browser keeps nothing, the page works and forgets. */

/**
 * @param {string} key
 * @returns {string | null}
 */
export function recall(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string | null} text none: nothing is to be remembered
 */
export function remember(key, text) {
  try {
    // First away with the old: where the new one finds no room, nothing is better than what is no longer so.
    sessionStorage.removeItem(key);
    if (text !== null) sessionStorage.setItem(key, text);
  } catch {
    // There is no room, or none is given: the page goes on as if it had just been opened.
  }
}
