/** Points from text: a table of two columns, or JSON. What cannot be read is refused with the line that it stands on. */

/** @typedef {import("./strokes.js").Point} Point */

/**
 * A place in the text, counted from 1: "line 7" of a table, "point 7" of JSON.
 *
 * @typedef {{word: "line" | "point", number: number}} Place
 */

export const MOST_POINTS = 20_000;
export const MOST_BYTES = 1_000_000;
const BOUND = 1e6;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** More digits than the lab computes with would only make the message to the server longer. */
const DIGITS = 7;

/**
 * Read points: CSV (comma, semicolon, tab or spaces; a header or none; comments after `#`) or JSON
 * (`[[x, y], …]` or `[{"x": …, "y": …}, …]`). More than 20,000 are thinned evenly.
 *
 * @param {string} text
 * @returns {{points: Point[], given: number}} `given` counts the points before they were thinned.
 * @throws {Error} What cannot be read, in words for the user.
 */
export function parsePoints(text) {
  checkSize(new TextEncoder().encode(text).length);
  const trimmed = text.replace(/^\uFEFF/, "");
  const all = /^\s*[[{]/.test(trimmed) ? parseJson(trimmed) : parseTable(trimmed);
  if (all.length === 0) throw new Error("no points: expected two numbers on a line");
  return { points: thinEvenly(all, MOST_POINTS), given: all.length };
}

/** @param {number} bytes */
export function checkSize(bytes) {
  if (bytes > MOST_BYTES) {
    throw new Error(`expected at most 1 MB of text, got ${(bytes / 1e6).toFixed(1)} MB`);
  }
}

/**
 * Whether text that was pasted somewhere on the page looks like points at all.
 *
 * @param {string} text
 */
export function looksLikePoints(text) {
  return text.split(/\r\n|\n|\r/, 50).some((line) => /^[\s[{("]*[+-]?\.?\d[^a-z]*[\s,;]\s*[+-]?\.?\d/i.test(line));
}

/**
 * At most `most` of the items, evenly over their order.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} most
 * @returns {T[]}
 */
export function thinEvenly(items, most) {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => /** @type {T} */ (items[Math.floor((i * items.length) / most)]));
}

/**
 * @param {string} text
 * @returns {Point[]}
 */
function parseTable(text) {
  /** @type {Point[]} */
  const points = [];
  /** @type {((cells: string[]) => string[]) | null} */
  let pick = null;
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    const row = (line.split("#")[0] ?? "").trim();
    if (row === "") return;
    const cells = splitRow(row);
    if (!pick) {
      const header = cells.length > 1 && cells.every((cell) => Number.isNaN(readNumber(cell)));
      pick = choosePick(header ? cells : []);
      if (header) return;
    }
    points.push(checkPoint(pick(cells).map(readNumber), row, { word: "line", number: i + 1 }));
  });
  return points;
}

/** @param {string} row */
function splitRow(row) {
  const separator = [";", "\t", ","].find((mark) => row.includes(mark));
  const cells = separator ? row.split(separator) : row.split(/\s+/);
  return cells.map((cell) => {
    const bare = cell.trim().replace(/^"(.*)"$/, "$1").trim();
    // Beside semicolons and tabs a comma is the decimal one.
    return separator === "," || !/^[+-]?\d*,\d+$/.test(bare) ? bare : bare.replace(",", ".");
  });
}

/**
 * What to take of a row: the columns called x and y, or without such names all, which then must be two.
 *
 * @param {string[]} header
 * @returns {(cells: string[]) => string[]}
 */
function choosePick(header) {
  const names = header.map((name) => name.toLowerCase());
  const [x, y] = [names.indexOf("x"), names.indexOf("y")];
  return x >= 0 && y >= 0 ? (cells) => [cells[x] ?? "", cells[y] ?? ""] : (cells) => cells;
}

/** @param {string} text */
function readNumber(text) {
  return NUMBER.test(text) ? Number(text) : NaN;
}

/**
 * @param {string} text
 * @returns {Point[]}
 */
function parseJson(text) {
  const given = readJson(text);
  const list = Array.isArray(given) ? given : given?.points;
  if (!Array.isArray(list)) throw new Error("expected a list of points, as in [[0.1, 0.7], [0.2, 0.5]]");
  return list.map((entry, i) => {
    const pair = Array.isArray(entry) ? entry : [entry?.x, entry?.y];
    const numbers = pair.map((value) => (typeof value === "number" ? value : NaN));
    return checkPoint(numbers, JSON.stringify(entry), { word: "point", number: i + 1 });
  });
}

/**
 * @param {string} text
 * @returns {any}
 */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const line = /line (\d+)/.exec(message)?.[1] ?? countLines(text, /position (\d+)/.exec(message)?.[1]);
    throw new Error(`line ${line}: this is not JSON, which the bracket at the beginning promises`);
  }
}

/**
 * @param {string} text
 * @param {string | undefined} position none where the text ends too early
 */
function countLines(text, position) {
  return text.slice(0, position === undefined ? undefined : Number(position)).split("\n").length;
}

/**
 * @param {number[]} numbers NaN where something else stood
 * @param {string} shown what stood there
 * @param {Place} place
 * @returns {Point}
 */
function checkPoint(numbers, shown, { word, number }) {
  const [x = NaN, y = NaN] = numbers;
  const got = shown.length <= 40 ? shown : `${shown.slice(0, 37)}...`;
  if (numbers.length !== 2 || Number.isNaN(x) || Number.isNaN(y)) {
    throw new Error(`${word} ${number}: expected two numbers, got '${got}'`);
  }
  if (Math.max(Math.abs(x), Math.abs(y)) > BOUND) {
    throw new Error(`${word} ${number}: expected numbers from -1000000 to 1000000, got '${got}'`);
  }
  return [Number(x.toPrecision(DIGITS)), Number(y.toPrecision(DIGITS))];
}
