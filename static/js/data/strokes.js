/** A drawing as data: its strokes, their undoing, and the positions that stand for them. Points lie in [0, 1]². */

/** @typedef {[number, number]} Point */

/**
 * A line is where the pen went; dots are positions whose strokes are not known any more.
 *
 * @typedef {{kind: "line" | "dots", points: readonly Point[]}} Stroke
 */

/** @typedef {{past: readonly Stroke[][], strokes: Stroke[], future: readonly Stroke[][]}} Drawing */

/** The distance of two positions along a stroke: half a standard deviation of the usual brush. */
const SPACING = 0.01;
/** Where the pen only touched down, it counts as a stroke of this length: as wide as the brush makes it. */
const DOT_LENGTH = 0.04;
/** Beyond so many positions they lie further apart. */
const MOST_POSITIONS = 4000;
/** So many changes can be undone. */
const MOST_UNDONE = 100;

/**
 * @param {Stroke[]} strokes
 * @returns {Drawing}
 */
export function beginDrawing(strokes = []) {
  return { past: [], strokes, future: [] };
}

/**
 * The drawing with other strokes; what was undone before can be redone no more.
 *
 * @param {Drawing} drawing
 * @param {Stroke[]} strokes
 * @returns {Drawing}
 */
export function replaceStrokes({ past, strokes: before }, strokes) {
  return { past: [...past, before].slice(-MOST_UNDONE), strokes, future: [] };
}

/**
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function undo(drawing) {
  const before = drawing.past.at(-1);
  if (!before) return drawing;
  return { past: drawing.past.slice(0, -1), strokes: before, future: [...drawing.future, drawing.strokes] };
}

/**
 * @param {Drawing} drawing
 * @returns {Drawing}
 */
export function redo(drawing) {
  const after = drawing.future.at(-1);
  if (!after) return drawing;
  return { past: [...drawing.past, drawing.strokes], strokes: after, future: drawing.future.slice(0, -1) };
}

/**
 * Positions at even distances along every stroke, so that a stroke weighs as much as it is long, however fast it was
 * drawn.
 *
 * @param {readonly Stroke[]} strokes
 * @returns {Point[]}
 */
export function samplePositions(strokes) {
  const whole = strokes.filter(({ kind }) => kind === "line").reduce((sum, { points }) => sum + weigh(points), 0);
  const spacing = Math.max(SPACING, whole / MOST_POSITIONS);
  return strokes.flatMap(({ kind, points }) =>
    kind === "dots" ? [...points] : walkEvenly(points, Math.max(1, Math.round(weigh(points) / spacing))),
  );
}

/** @param {readonly Point[]} points */
function weigh(points) {
  return Math.max(DOT_LENGTH, measureWays(points).reduce((sum, way) => sum + way, 0));
}

/** @param {readonly Point[]} points */
function measureWays(points) {
  return points.slice(1).map(([x, y], i) => Math.hypot(x - points[i][0], y - points[i][1]));
}

/**
 * @param {readonly Point[]} points
 * @param {number} count
 * @returns {Point[]} In the middles of `count` equal pieces of the stroke.
 */
function walkEvenly(points, count) {
  const ways = measureWays(points);
  const length = ways.reduce((sum, way) => sum + way, 0);
  let [i, passed] = [0, 0];
  return Array.from({ length: count }, (_, k) => {
    const goal = ((k + 0.5) * length) / count;
    while (i < ways.length - 1 && passed + ways[i] < goal) {
      passed += ways[i];
      i += 1;
    }
    const [from, to] = [points[i], points[i + 1] ?? points[i]];
    const part = ways[i] ? Math.min((goal - passed) / ways[i], 1) : 0;
    return [roundPlace(from[0] + (to[0] - from[0]) * part), roundPlace(from[1] + (to[1] - from[1]) * part)];
  });
}

/** @param {number} place */
function roundPlace(place) {
  return Math.round(place * 1e4) / 1e4;
}
