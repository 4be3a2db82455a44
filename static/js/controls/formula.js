/** Formulas: MathML from the server, shown with one equation a line. */

const MATHML = "http://www.w3.org/1998/Math/MathML";
/** So many characters of a calculation are one line in a narrow column. */
const LONG = 34;

/**
 * Show a formula, one equation a line.
 *
 * @param {HTMLElement} place
 * @param {string | undefined} mathml
 */
export function showFormula(place, mathml) {
  place.hidden = mathml === undefined;
  if (mathml === undefined) return;
  place.replaceChildren(...splitEquations(parseFormula(mathml)).map(buildLine));
}

/**
 * A calculation for a narrow column: where it is long, its result stands on a line of its own.
 *
 * @param {string} mathml
 * @returns {Element[]} one a line
 */
export function layOutResult(mathml) {
  const math = parseFormula(mathml);
  const terms = listTerms(math);
  const signs = terms.flatMap((term, i) => (term.textContent === "=" ? [i] : []));
  const isLong = terms.reduce((sum, term) => sum + measureTerm(term), 0) > LONG;
  const last = signs.length > 1 && isLong ? signs.at(-1) : undefined;
  if (last === undefined) return [buildLine(terms)];
  return [buildLine(terms.slice(0, last)), buildLine(terms.slice(last))];
}

/**
 * About how wide a term is, in characters: a fraction is as wide as the wider of its halves.
 *
 * @param {Element} term
 * @returns {number}
 */
function measureTerm(term) {
  if (term.children.length === 0) return (term.textContent ?? "").trim().length;
  const parts = [...term.children].map(measureTerm);
  return term.localName === "mfrac" ? Math.max(...parts) : parts.reduce((sum, part) => sum + part, 0);
}

/**
 * Parse a formula: as XML, so nothing in it can become a script of the page.
 *
 * @param {string} mathml
 * @returns {Element} in its own document
 */
function parseFormula(mathml) {
  return new DOMParser().parseFromString(mathml, "application/xml").documentElement;
}

/**
 * The terms of each equation: a formula parts its equations by a wide space, which a narrow column has no room for.
 *
 * @param {Element} math
 * @returns {Element[][]}
 */
function splitEquations(math) {
  /** @type {Element[][]} */
  const lines = [[]];
  for (const term of listTerms(math)) {
    if (isWide(term)) lines.push([]);
    else lines.at(-1)?.push(term);
  }
  return lines.map(dropComma).filter((line) => line.length > 0);
}

/**
 * Whether a term is a space of a letter's width or more; a narrower one stands inside an equation.
 *
 * @param {Element} term
 */
function isWide(term) {
  return term.localName === "mspace" && Number.parseFloat(term.getAttribute("width") ?? "") >= 1;
}

/** @param {Element} math */
function listTerms(math) {
  const [only] = math.children;
  return [...(math.children.length === 1 && only?.localName === "mrow" ? only.children : math.children)];
}

/** @param {Element[]} line */
function dropComma(line) {
  return line.at(-1)?.textContent === "," ? line.slice(0, -1) : line;
}

/** @param {Element[]} terms */
function buildLine(terms) {
  const math = document.createElementNS(MATHML, "math");
  math.setAttribute("display", "block");
  const row = document.createElementNS(MATHML, "mrow");
  row.append(...terms.map((term) => document.importNode(term, true)));
  math.append(row);
  return math;
}
