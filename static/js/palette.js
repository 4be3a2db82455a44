/**
 * The page's colours as numbers and words, read from the custom properties of the style sheet.
 *
 * A colour is a triple of red, green and blue from 0 to 255. Nothing else in the scripts knows a colour's value.
 */

/** @typedef {readonly [number, number, number]} Colour */

/** The palette's names, and the custom property that each is read from. */
const PROPERTIES = /** @type {const} */ ({
  real: "--real",
  generated: "--generated",
  generator: "--generator",
  discriminator: "--discriminator",
  gradient: "--gradient",
  surfaceReal: "--surface-real",
  surfaceMid: "--surface-mid",
  surfaceFake: "--surface-fake",
  noise: "--noise",
  ink: "--ink",
  inkSoft: "--ink-soft",
  paper: "--paper",
  panel: "--panel",
  line: "--line",
  bad: "--bad",
});

/** @typedef {keyof typeof PROPERTIES} ColourName */
/**
 * The colours, and how many times as thick as on a desk the pictures' dots and lines are.
 *
 * @typedef {Readonly<Record<ColourName, Colour> & {strokes: number}>} Palette
 */

/**
 * Read the colours that the style sheet gives now.
 * @param {HTMLElement} element where the properties are read
 * @returns {Palette}
 */
export function readPalette(element = document.documentElement) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const entries = Object.entries(PROPERTIES).map(([name, property]) => {
    probe.style.color = `var(${property}, currentcolor)`;
    return [name, resolveColour(getComputedStyle(probe).color)];
  });
  probe.remove();
  const strokes = Number.parseFloat(getComputedStyle(element).getPropertyValue("--strokes")) || 1;
  return /** @type {Palette} */ ({ ...Object.fromEntries(entries), strokes });
}

/**
 * Give a CSS colour of any notation as numbers: a canvas knows them all.
 * @param {string} css
 * @returns {Colour}
 */
function resolveColour(css) {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return [0, 0, 0];
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/**
 * Call the listener with the palette now, and again whenever the page's look changes.
 * @param {(palette: Palette) => void} listener
 * @param {{signal: AbortSignal}} options
 */
export function watchPalette(listener, { signal }) {
  const update = () => listener(readPalette());
  const observer = new MutationObserver(update);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme", "data-contrast", "data-mode", "data-palette"] });
  signal.addEventListener("abort", () => observer.disconnect());
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", update, { signal });
  }
  update();
}

/**
 * Write a colour for canvas, CSS or a plot.
 * @param {Colour} colour
 * @param {number} opacity from 0 to 1
 */
export function formatColour([red, green, blue], opacity = 1) {
  return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
}

/**
 * Give the colour that lies the given way from one to the other.
 * @param {Colour} from
 * @param {Colour} to
 * @param {number} fraction from 0 to 1
 * @returns {Colour}
 */
export function mixColours(from, to, fraction) {
  const mix = (/** @type {number} */ a, /** @type {number} */ b) => Math.round(a + (b - a) * fraction);
  return [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2])];
}

/**
 * Give the colour of a position on the score's scale: -1 is scored fake, 0 undecided, 1 scored real.
 * @param {Palette} palette
 * @param {number} position
 * @returns {Colour}
 */
export function scoreColour(palette, position) {
  const strength = Math.min(Math.abs(position), 1);
  return mixColours(palette.surfaceMid, position < 0 ? palette.surfaceFake : palette.surfaceReal, strength || 0);
}

/**
 * The same for a single sample: stronger, because a dot is small.
 * @param {Palette} palette
 * @param {number} position
 * @returns {Colour}
 */
export function scoreDotColour(palette, position) {
  const middle = mixColours(palette.panel, palette.inkSoft, 0.4);
  const strength = Math.min(Math.abs(position), 1);
  return mixColours(middle, position < 0 ? palette.generated : palette.real, strength || 0);
}

const RAMP_SIZE = 256;
/** @type {WeakMap<Palette, Uint32Array>} */
const ramps = new WeakMap();

/**
 * Give the score's scale as 256 packed pixels, from scored fake to scored real; made once for each palette.
 * @param {Palette} palette
 * @returns {Uint32Array}
 */
export function scoreRamp(palette) {
  const known = ramps.get(palette);
  if (known) return known;
  const bytes = new Uint8ClampedArray(RAMP_SIZE * 4);
  for (let i = 0; i < RAMP_SIZE; i += 1) {
    bytes.set([...scoreColour(palette, (2 * i) / (RAMP_SIZE - 1) - 1), 255], i * 4);
  }
  const ramp = new Uint32Array(bytes.buffer);
  ramps.set(palette, ramp);
  return ramp;
}

/**
 * Give the place of a position from -1 to 1 on the ramp; what lies outside takes its end.
 * @param {number} position
 */
export function rampIndex(position) {
  const index = Math.round(((position + 1) / 2) * (RAMP_SIZE - 1));
  return Math.max(0, Math.min(RAMP_SIZE - 1, index || 0));
}
