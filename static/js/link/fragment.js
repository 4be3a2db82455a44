/** A link's fragment as entries, and back: readable, in alphabetical order, with as few signs encoded as can be. */

/** @typedef {import("./entries.js").Entry} Entry */

/** What a fragment may hold as it is, and what reads better so. */
const PLAIN = /%(?:2C|3A|3B|2F)/g;

/**
 * @param {readonly Entry[]} entries
 * @returns {string} without its sign, "" where there is nothing to say
 */
export function joinEntries(entries) {
  return entries
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, text]) => `${encode(key)}=${encode(text)}`)
    .join("&");
}

/**
 * @param {string} fragment with or without its sign
 * @returns {Entry[]}
 */
export function splitFragment(fragment) {
  return fragment
    .replace(/^#/, "")
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
    });
}

/** @param {string} text */
function encode(text) {
  return encodeURIComponent(text).replace(PLAIN, (sign) => decodeURIComponent(sign));
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone per cent sign: it stands for itself, and what it is part of will be named where it cannot be taken.
    return text;
  }
}
