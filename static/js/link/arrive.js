/** How a page begins: with the run that its link describes, or with the session that its tab remembers. */

import { tabMemory } from "../controls/memory.js";
import { splitFragment } from "./fragment.js";
import { readOptions } from "./options.js";
import { readLink, readLook } from "./read.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("./read.js").Link} Link */

/**
 * What a page is opened with.
 *
 * @typedef {object} Arrival
 * @property {string} sessionKey What the tab remembers its session by.
 * @property {import("./options.js").Options} options
 * @property {Pick<Link, "layers" | "view">} look
 * @property {Promise<Link> | null} link The run that the address describes, if it describes one.
 * @property {boolean} beginsAnew Whether that run is begun in any case; else only where the tab's session has ended.
 * @property {(fragment: string) => void} keep Remembers what the session wrote into the address.
 */

const SESSION_KEY = "ganlab.session";
const LINK_KEY = "ganlab.link";

/**
 * @param {string} fragment of the address, with its sign or ""
 * @param {string | null} preset
 * @param {Promise<Catalog>} catalog
 * @returns {Arrival}
 */
export function arrive(fragment, preset, catalog) {
  // A link to a preset begins its own session, so that reloading it comes back to it and to no other.
  const suffix = preset ? `:${preset}` : "";
  const linkKey = LINK_KEY + suffix;
  const asked = fragment.replace(/^#/, "");
  return {
    sessionKey: SESSION_KEY + suffix,
    options: readOptions(splitFragment(asked)).options,
    look: readLook(asked),
    link: asked === "" ? null : catalog.then((known) => readLink(asked, known)),
    beginsAnew: beginsAnew(asked, tabMemory.recall(linkKey)),
    keep: (written) => tabMemory.remember(linkKey, written),
  };
}

/**
 * A link that is opened begins its run anew. The one that this tab's session wrote itself only describes it: when the
 * page is loaded again, the session goes on, if it is still there.
 *
 * @param {string} fragment without its sign
 * @param {string | null} written What the session wrote last.
 */
export function beginsAnew(fragment, written) {
  return fragment !== "" && fragment !== written;
}
