/** The density of the real data, as lines of equal height. */

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").LinesMark} LinesMark */
/** @typedef {import("./marks.js").NamedArray} NamedArray */
/** @typedef {import("./marks.js").Box} Box */

/** Heights of the lines, as fractions of the highest density, and how strongly each is drawn. */
const LEVELS = [
  [0.05, 0.35],
  [0.2, 0.5],
  [0.4, 0.65],
  [0.6, 0.8],
  [0.8, 0.95],
];

/**
 * Contour lines of the data's density.
 * @param {Scene} scene
 * @returns {LinesMark[]}
 */
export function drawDensity({ arrays, box }) {
  const { density } = arrays;
  if (!density) return [];
  const highest = density.data.reduce((most, value) => Math.max(most, value), 0);
  if (!(highest > 0)) return [];
  return LEVELS.map(([level, opacity]) => ({
    kind: "lines",
    lines: traceContour(density, level * highest, box),
    colour: "real",
    width: 1.4,
    opacity,
  }));
}

/** The two sides of a cell that the line crosses, for each case of marching squares; a saddle has four.
 *  Corners: 1 bottom left, 2 bottom right, 4 top right, 8 top left. Sides: 0 bottom, 1 right, 2 top, 3 left. */
const CROSSINGS = [
  [], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2],
  [2, 3], [2, 0], [0, 1, 2, 3], [2, 1], [1, 3], [1, 0], [0, 3], [],
];

/**
 * Trace the line of one height through a grid of values at the centres of its cells (marching squares).
 * @param {NamedArray} grid (S, S), row 0 at the bottom
 * @param {number} level
 * @param {Box} box
 * @returns {Float32Array[]} pieces of two points each
 */
export function traceContour({ shape: [rows, columns], data }, level, [x0, x1, y0, y1]) {
  const cellWidth = (x1 - x0) / columns;
  const cellHeight = (y1 - y0) / rows;
  const lines = [];
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const first = row * columns + column;
      const corners = [data[first], data[first + 1], data[first + columns + 1], data[first + columns]];
      const sides = CROSSINGS[corners.reduce((sum, value, i) => sum + (value >= level ? 1 << i : 0), 0)];
      for (let i = 0; i < sides.length; i += 2) {
        const [ax, ay] = crossSide(corners, sides[i], level);
        const [bx, by] = crossSide(corners, sides[i + 1], level);
        const left = x0 + (column + 0.5) * cellWidth;
        const bottom = y0 + (row + 0.5) * cellHeight;
        lines.push(
          Float32Array.of(left + ax * cellWidth, bottom + ay * cellHeight, left + bx * cellWidth, bottom + by * cellHeight),
        );
      }
    }
  }
  return lines;
}

/**
 * Where the line crosses a side of the unit cell, by linear interpolation.
 * @param {number[]} corners
 * @param {number} side
 * @param {number} level
 * @returns {[number, number]}
 */
function crossSide(corners, side, level) {
  const from = corners[side];
  const way = (level - from) / (corners[(side + 1) % 4] - from);
  if (side === 0) return [way, 0];
  if (side === 1) return [1, way];
  if (side === 2) return [1 - way, 1];
  return [0, 1 - way];
}
