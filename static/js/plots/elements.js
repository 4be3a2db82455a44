/** Small builders of the document's elements. */

/**
 * Make an element with properties and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<Omit<HTMLElementTagNameMap[T], "style" | "attributes">> & {attributes?: Record<string, string>}} [properties]
 * @param {readonly (Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, { attributes = {}, ...properties } = {}, children = []) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Set an element's text where it differs, so that nothing is laid out again for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Call the listener with an element's content size, now and whenever it changes.
 * @param {Element} element
 * @param {(size: {width: number, height: number}) => void} listener
 * @param {{signal: AbortSignal}} options
 */
export function watchSize(element, listener, { signal }) {
  const observer = new ResizeObserver((entries) => listener(entries[entries.length - 1].contentRect));
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
}

/**
 * The font of a plot's small print: the page's own, growing with it.
 * @param {Element} element
 * @returns {{family: string, size: number}}
 */
export function readFont(element) {
  const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { family: getComputedStyle(element).fontFamily, size: Math.round(0.75 * root) };
}
