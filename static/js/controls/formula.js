/** Formulas: MathML from the server, shown with one equation a line. */

const MATHML = "http://www.w3.org/1998/Math/MathML";

/**
 * Show a formula; the text is parsed as XML, so nothing in it can become a script of the page.
 *
 * @param {HTMLElement} place
 * @param {string | undefined} mathml
 */
export function showFormula(place, mathml) {
  place.hidden = mathml === undefined;
  if (mathml === undefined) return;
  const { documentElement } = new DOMParser().parseFromString(mathml, "application/xml");
  place.replaceChildren(...splitEquations(documentElement).map(buildLine));
}

/**
 * The terms of each equation: a formula parts its equations by a space, which a narrow column has no room for.
 *
 * @param {Element} math
 * @returns {Element[][]}
 */
function splitEquations(math) {
  const [only] = math.children;
  const terms = math.children.length === 1 && only?.localName === "mrow" ? only.children : math.children;
  /** @type {Element[][]} */
  const lines = [[]];
  for (const term of terms) {
    if (term.localName === "mspace") lines.push([]);
    else lines.at(-1)?.push(term);
  }
  return lines.map(dropComma).filter((line) => line.length > 0);
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
