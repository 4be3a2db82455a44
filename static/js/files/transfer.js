/** Files between the page and its session: what the server has, to keep, and what the user has, to open. */

import { make } from "../plots/elements.js";
import { arrangeFiles } from "./kinds.js";

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
    store.set({ problem: /** @type {Error} */ (error).message });
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
  const href = URL.createObjectURL(await answer.blob());
  make("a", { href, download: name }).click();
  URL.revokeObjectURL(href);
}

/**
 * Open files in place of what the session has.
 *
 * @param {PageStore} store
 * @param {readonly File[]} files
 */
export function openFiles(store, files) {
  return attempt(store, async (address) => {
    const { route, parts } = await arrangeFiles(files);
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
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer;
}
