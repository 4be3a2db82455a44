/** What a browser lacks for the lab, in words for its user. */

/**
 * @param {{canvas: boolean, socket: boolean}} has
 * @returns {string} one paragraph; empty where nothing is missing
 */
export function describeMissing({ canvas, socket }) {
  const lacks = [canvas ? "" : "draw pictures (canvas)", socket ? "" : "keep a connection to the lab (WebSocket)"];
  const list = lacks.filter((words) => words !== "").join(" or ");
  if (!list) return "";
  return `This browser cannot ${list}, so the lab cannot start here. A current Firefox, Chrome, Edge or Safari can; sometimes an extension or a setting of the school has switched it off.`;
}
