/** What a link has locked: its settings stay as they are, whatever the page is asked for. */

import { LOCKABLE } from "./options.js";

/** @typedef {import("../controls/configs.js").Change} Change */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("./options.js").Lockable} Lockable */

export const LOCKED = "locked by this link";

/** The sections of a run's description that belong to the data, and to the seed; all others are settings. */
const OWNERS = /** @type {Record<string, Lockable>} */ ({ data: "data", latent: "data", seed: "seed" });

/**
 * The changes that a page may ask for under its locks.
 *
 * @param {Change} change
 * @param {readonly Lockable[]} locks
 * @returns {Change}
 */
export function guardChange(change, locks) {
  return locks.length === 0 ? change : (edit) => change((config) => keepLocked(config, edit(config), locks));
}

/**
 * Refuse what would replace the whole run.
 *
 * @param {readonly Lockable[]} locks
 * @throws {Error} something is locked
 */
export function refuseLocked(locks) {
  if (locks.length > 0) throw new Error(`${locks.map((lock) => LOCKABLE[lock]).join(", ")}: ${LOCKED}.`);
}

/**
 * The changed run with all that is locked as it was.
 *
 * @param {RunConfig} config
 * @param {RunConfig} wanted
 * @param {readonly Lockable[]} locks
 * @returns {RunConfig}
 * @throws {Error} nothing of the change is left
 */
export function keepLocked(config, wanted, locks) {
  const isLocked = (/** @type {string} */ section) => locks.includes(OWNERS[section] ?? "settings");
  const changed = Object.entries(wanted).filter(
    ([section, value]) => JSON.stringify(value) !== JSON.stringify(config[/** @type {keyof RunConfig} */ (section)]),
  );
  const allowed = changed.filter(([section]) => !isLocked(section));
  const refused = changed.find(([section]) => isLocked(section))?.[0];
  if (refused && allowed.length === 0) throw new Error(`${LOCKABLE[OWNERS[refused] ?? "settings"]}: ${LOCKED}.`);
  return { ...config, ...Object.fromEntries(allowed) };
}
