/** Searching in words: every word that is searched for must be there, in any order, small or large. */

/**
 * @param {string} wanted what a reader has typed
 * @param {string} words what can be found
 */
export function matches(wanted, words) {
  const known = words.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => known.includes(word));
}
