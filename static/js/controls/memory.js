/**
 * What is remembered: by a tab over a reload, by a browser from visit to visit. Where the browser keeps nothing, the
 * page works and forgets.
 */

/** @typedef {ReturnType<typeof createMemory>} Memory */

/** @param {() => Storage} find In another site's frame a browser may refuse even to be asked. */
function createMemory(find) {
  return {
    /**
     * @param {string} key
     * @returns {string | null}
     */
    recall(key) {
      try {
        return find().getItem(key);
      } catch {
        return null;
      }
    },
    /**
     * @param {string} key
     * @param {string | null} text none: nothing is to be remembered
     */
    remember(key, text) {
      try {
        // First away with the old: where the new one finds no room, nothing is better than what is no longer so.
        find().removeItem(key);
        if (text !== null) find().setItem(key, text);
      } catch {
        // There is no room, or none is given: the page goes on as if it had just been opened.
      }
    },
  };
}

export const tabMemory = createMemory(() => sessionStorage);
export const browserMemory = createMemory(() => localStorage);
