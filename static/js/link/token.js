/** The token of a lab that others can reach: it comes in the link's fragment, and does not stay there. */

import { joinEntries, splitFragment } from "./fragment.js";

const KEY = "token";

/**
 * Take the token out of the page's address.
 *
 * @returns {string} "" where there is none
 */
export function takeToken() {
  const { token, rest } = separateToken(location.hash);
  if (token) history.replaceState(history.state, "", `${location.pathname}${location.search}${rest && `#${rest}`}`);
  return token;
}

/**
 * @param {string} fragment with or without its sign
 * @returns {{token: string, rest: string}} the token, and the fragment without it
 */
export function separateToken(fragment) {
  const entries = splitFragment(fragment);
  const token = entries.findLast(([key]) => key === KEY)?.[1] ?? "";
  return { token, rest: token ? joinEntries(entries.filter(([key]) => key !== KEY)) : fragment.replace(/^#/, "") };
}

/**
 * @param {string} fragment without its sign
 * @param {string} token "" where the lab has none
 * @returns {string} the fragment that leads through the door
 */
export function addToken(fragment, token) {
  return token ? joinEntries([...splitFragment(fragment), [KEY, token]]) : fragment;
}
