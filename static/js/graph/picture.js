/** The model overview as a picture of its own: drawn anew from where everything stands, so that it can be saved. */

const NAMESPACE = "http://www.w3.org/2000/svg";
/** What is there to be pressed, or is said to those who do not see: a saved picture has neither. */
const LEFT_OUT = "button, label, fieldset, .tip, .visually-hidden";
const LINE_STYLES = ["fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"];
const MARGIN = 16;

/**
 * Draw a graph of nodes and arrows.
 *
 * @param {HTMLElement} graph
 * @param {string} title
 * @param {string} background a CSS colour
 * @returns {{svg: string, width: number, height: number}} a document of SVG that needs nothing else
 */
export function drawGraph(graph, title, background) {
  const { left, top, width, height } = graph.getBoundingClientRect();
  const size = { width: Math.ceil(width + 2 * MARGIN), height: Math.ceil(height + 2 * MARGIN) };
  const root = draw("svg", { xmlns: NAMESPACE, ...size, viewBox: [left - MARGIN, top - MARGIN, size.width, size.height].join(" ") });
  const ground = draw("rect", { x: left - MARGIN, y: top - MARGIN, ...size, fill: background });
  const name = draw("title", {});
  name.textContent = title;
  root.append(name, ground, ...listShapes(graph));
  return { svg: new XMLSerializer().serializeToString(root), ...size };
}

/**
 * The shapes of an element and of all that stands in it, in the order in which they are painted.
 *
 * @param {Element} element
 * @returns {SVGElement[]}
 */
function listShapes(element) {
  if (element.matches(LEFT_OUT) || !element.checkVisibility({ visibilityProperty: true })) return [];
  if (element instanceof SVGSVGElement) return [copyArrows(element)];
  const own = element instanceof HTMLElement ? [...drawBox(element), ...drawCanvas(element)] : [];
  const inside = [...element.childNodes].flatMap((node) => {
    if (node instanceof Element) return listShapes(node);
    return node instanceof Text ? drawText(node) : [];
  });
  return [...own, ...inside];
}

/**
 * The arrows as they are, with the looks that the style sheet gives them.
 *
 * @param {SVGSVGElement} arrows
 */
function copyArrows(arrows) {
  const { left, top } = arrows.getBoundingClientRect();
  const copy = draw("g", { transform: `translate(${left} ${top})` });
  for (const part of arrows.children) copy.append(part.cloneNode(true));
  const [originals, copies] = [arrows, copy].map((root) => [...root.querySelectorAll("path")]);
  for (const [i, original] of originals.entries()) {
    const look = getComputedStyle(original);
    for (const property of LINE_STYLES) copies[i]?.setAttribute(property, look.getPropertyValue(property));
    copies[i]?.setAttribute("opacity", String(measureOpacity(original)));
    copies[i]?.removeAttribute("class");
    // Not checkVisibility: inside an SVG it is true of what is not displayed too.
    const isDrawn = original.getClientRects().length > 0 || original.closest("defs");
    if (!isDrawn) copies[i]?.remove();
  }
  return copy;
}

/**
 * How opaque an element is seen: a pale one makes all in it pale.
 *
 * @param {Element | null} element
 * @returns {number}
 */
function measureOpacity(element) {
  return element ? Number(getComputedStyle(element).opacity) * measureOpacity(element.parentElement) : 1;
}

/** @param {HTMLElement} element */
function drawBox(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  const look = getComputedStyle(element);
  const border = Number.parseFloat(look.borderTopWidth);
  const isClear = look.backgroundColor.endsWith(", 0)");
  if ((isClear && border === 0) || width === 0 || height === 0) return [];
  const place = { x: left + border / 2, y: top + border / 2, width: width - border, height: height - border };
  const rx = Math.min(Number.parseFloat(look.borderTopLeftRadius) || 0, height / 2);
  return [draw("rect", { ...place, rx, fill: look.backgroundColor, stroke: look.borderTopColor, "stroke-width": border })];
}

/** @param {HTMLElement} element */
function drawCanvas(element) {
  if (!(element instanceof HTMLCanvasElement) || element.width === 0) return [];
  const { left, top } = element.getBoundingClientRect();
  const place = { x: left + element.clientLeft, y: top + element.clientTop, width: element.clientWidth, height: element.clientHeight };
  const style = `clip-path: inset(0 round ${getComputedStyle(element).borderTopLeftRadius})`;
  return [draw("image", { ...place, style, opacity: measureOpacity(element), href: element.toDataURL() })];
}

/**
 * The words of a text, each line where it is broken.
 *
 * @param {Text} text
 */
function drawText(text) {
  const [element, range] = [text.parentElement, new Range()];
  if (!element) return [];
  const look = getComputedStyle(element);
  /** @type {{words: string[], left: number, middle: number}[]} */
  const lines = [];
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const { left, top, bottom } = range.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    const last = lines.at(-1);
    if (last && Math.abs(last.middle - middle) < 1) last.words.push(word);
    else lines.push({ words: [word], left, middle });
  }
  const font = { "font-family": look.fontFamily, "font-size": look.fontSize, "font-weight": look.fontWeight, fill: look.color };
  return lines.map(({ words, left, middle }) => {
    const line = draw("text", { x: left, y: middle, "dominant-baseline": "central", ...font });
    line.textContent = words.join(" ");
    return line;
  });
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
function draw(tag, attributes) {
  const element = /** @type {SVGElement} */ (document.createElementNS(NAMESPACE, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
