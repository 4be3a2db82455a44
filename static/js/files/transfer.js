/** Files between the page and its session: what the server has, to keep, and what the user has, to open. */

import { Refused, wordRefusal } from "../controls/refusals.js";
import { refuseLocked } from "../link/locks.js";
import { make } from "../plots/elements.js";
import { arrangeFiles } from "./kinds.js";

/** @typedef {import("../link/options.js").Lockable} Lockable */
/** @typedef {import("../state.js").PageStore} PageStore */

/**
 * Do something with the session's routes; what goes wrong is shown in words.
 *
 * @param {PageStore} store
 * @param {(address: string) => Promise<unknown>} action
 */
export async function attempt(store, action) {
  store.set({ problem: null });
  const { session, connection } = store.get();
  try {
    if (!session || connection !== "open") throw new Error("The lab is not connected just now.");
    await action(`/api/sessions/${encodeURIComponent(session)}`);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    store.set({ problem: error instanceof Refused ? wordRefusal(error.said, store.get().catalog, null) : message });
  }
}

/**
 * Give the user what a route sends, as a file.
 *
 * @param {string} address
 */
export async function keepFile(address) {
  const answer = await ask(address, {});
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "ganlab";
  giveFile(await answer.blob(), name);
}

/**
 * @param {Blob} content
 * @param {string} name
 */
export function giveFile(content, name) {
  const href = URL.createObjectURL(content);
  make("a", { href, download: name }).click();
  URL.revokeObjectURL(href);
}

/**
 * Opens files in place of what the session has.
 *
 * @typedef {(files: readonly File[]) => Promise<void>} Opener
 */

/**
 * @param {PageStore} store
 * @param {readonly Lockable[]} locks A file brings its own settings, data and seed: under any lock it is refused.
 * @param {() => Promise<boolean>} mayReplace whether a saved run may take the place of the one that is here
 * @returns {Opener}
 */
export function createOpener(store, locks, mayReplace) {
  return (files) =>
    attempt(store, async (address) => {
      refuseLocked(locks);
      const { route, parts } = await arrangeFiles(files);
      if (route === "run" && !(await mayReplace())) return;
      await ask(`${address}/${route}`, { method: "POST", body: new Blob([...parts]) });
    });
}

/**
 * Send a request.
 *
 * @param {string} address
 * @param {RequestInit} request
 * @returns {Promise<Response>} Rejects with the server's words where it refuses.
 */
export async function ask(address, request) {
  const answer = await fetch(address, request);
  if (!answer.ok) {
    const { error, refusal = null } = await answer.json();
    throw new Refused({ message: error, refusal });
  }
  return answer;
}
