/** Paints a drawing on its canvas, as soft as its noise will make it. */

/** @typedef {import("../data/strokes.js").Point} Point */
/** @typedef {import("../data/strokes.js").Stroke} Stroke */

/** A stroke is painted several times, wider and wider, with these widths in standard deviations. */
const WIDTHS = [4, 2.6, 1.2];

/**
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Stroke[]} strokes
 * @param {number} noise the standard deviation, in parts of the canvas
 * @param {Point | null} cursor where the keys hold the pen; none while it follows a pointer
 */
export function paintInk(canvas, strokes, noise, cursor) {
  const side = Math.round(canvas.getBoundingClientRect().width * devicePixelRatio);
  const context = canvas.getContext("2d");
  if (!context || side === 0) return;
  // Setting a size clears the canvas, too.
  canvas.width = canvas.height = side;
  const style = getComputedStyle(canvas);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = style.color;
  for (const width of WIDTHS) {
    context.globalAlpha = 0.3;
    context.lineWidth = Math.max(width * noise * side, 1);
    for (const stroke of strokes) paintStroke(context, stroke, side);
  }
  if (cursor) paintCursor(context, cursor, side, style.getPropertyValue("--ink"));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 * @param {number} side
 */
function paintStroke(context, { kind, points }, side) {
  if (kind === "dots") {
    for (const point of points) paintDot(context, point, side);
    return;
  }
  const [first, ...rest] = points;
  if (!first) return;
  if (rest.every(([x, y]) => x === first[0] && y === first[1])) return paintDot(context, first, side);
  context.beginPath();
  points.forEach(([x, y], i) => context[i === 0 ? "moveTo" : "lineTo"](x * side, (1 - y) * side));
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} place
 * @param {number} side
 */
function paintDot(context, [x, y], side) {
  context.beginPath();
  context.arc(x * side, (1 - y) * side, context.lineWidth / 2, 0, 2 * Math.PI);
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} cursor
 * @param {number} side
 * @param {string} colour
 */
function paintCursor(context, [x, y], side, colour) {
  const [cx, cy, arm] = [x * side, (1 - y) * side, 0.03 * side];
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(2, side / 240);
  context.beginPath();
  for (const [dx, dy] of [
    [arm, 0],
    [0, arm],
  ]) {
    context.moveTo(cx - dx, cy - dy);
    context.lineTo(cx + dx, cy + dy);
  }
  context.stroke();
}
