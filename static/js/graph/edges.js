/** The arrows of the model overview: what they join, whose learning uses them, and the way they take. */

/** @typedef {"top" | "right" | "bottom" | "left"} Side */
/** @typedef {{x: number, y: number, side: Side}} Port */
/** @typedef {readonly [Side, number]} PortPlace a side, and how far along it from 0 to 1 */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Rectangle */
/** @typedef {"wide" | "tall"} Arrangement */

/**
 * @typedef {object} Edge
 * @property {string} from
 * @property {string} to
 * @property {readonly ("discriminator" | "generator")[]} players whose learning passes here
 * @property {boolean} isBack back-propagation
 * @property {boolean} [isDirect] only where the loss compares the samples, or the generator's answers, itself
 * @property {boolean} [isAnswer] only where it compares answers that are no samples
 * @property {boolean} [isInverse] only where training sends real samples through the generator backwards
 * @property {boolean} [goesAround] around the discriminator, which takes no part
 * @property {boolean} [isPair] only where an encoder is trained, and a sample is judged beside its noise
 * @property {Readonly<Record<Arrangement, readonly [PortPlace, PortPlace]>>} ports
 */

const BOTH = /** @type {const} */ (["discriminator", "generator"]);
const D = /** @type {const} */ (["discriminator"]);
const G = /** @type {const} */ (["generator"]);

/** @type {readonly Edge[]} */
export const EDGES = [
  join("noise", "generator", BOTH, false, [["bottom", 0.5], ["top", 0.5]], [["right", 0.5], ["left", 0.5]]),
  forward("generator", "generated", BOTH, 0.5, 0.5),
  forward("real", "discriminator", D, 0.5, 0.3),
  forward("generated", "discriminator", BOTH, 0.5, 0.7),
  forward("discriminator", "predictions-real", D, 0.3, 0.5),
  forward("discriminator", "predictions-generated", BOTH, 0.7, 0.5),
  forward("predictions-real", "d-loss", D, 0.5, 0.35),
  forward("predictions-generated", "d-loss", D, 0.3, 0.75),
  forward("predictions-generated", "g-loss", G, 0.65, 0.5),
  direct("real", [["right", 0.8], ["left", 0.3]], [["bottom", 0.25], ["left", 0.5]]),
  direct("generated", [["right", 0.85], ["left", 0.7]], [["bottom", 0.75], ["top", 0.5]]),
  { ...direct("generator", [["bottom", 0.85], ["left", 0.7]], [["right", 0.85], ["top", 0.5]]), isAnswer: true },
  { ...join("real", "generator", G, false, [["left", 0.5], ["right", 0.2]], [["right", 0.3], ["left", 0.85]]), isDirect: true, isInverse: true },
  { ...join("real", "encoder", BOTH, false, [["top", 0.5], ["bottom", 0.5]], [["left", 0.5], ["right", 0.5]]), isPair: true },
  { ...join("encoder", "discriminator", BOTH, false, [["right", 0.5], ["left", 0.12]], [["bottom", 0.75], ["left", 0.03]]), isPair: true },
  join("d-loss", "d-gradients", D, true, [["top", 0.5], ["right", 0.5]], [["left", 0.5], ["bottom", 0.5]]),
  join("d-gradients", "discriminator", D, true, [["bottom", 0.5], ["top", 0.5]], [["right", 0.5], ["left", 0.5]]),
  join("g-loss", "g-gradients", G, true, [["bottom", 0.5], ["right", 0.5]], [["right", 0.5], ["bottom", 0.5]]),
  join("g-gradients", "generator", G, true, [["left", 0.5], ["bottom", 0.5]], [["top", 0.5], ["right", 0.5]]),
];

/**
 * Data flow to the right where there is room, and downwards on a narrow page.
 * @param {string} from
 * @param {string} to
 * @param {Edge["players"]} players
 * @param {number} start how far along its side the arrow leaves
 * @param {number} end how far along its side it arrives
 * @returns {Edge}
 */
function forward(from, to, players, start, end) {
  return join(from, to, players, false, [["right", start], ["left", end]], [["bottom", start], ["top", end]]);
}

/**
 * What the generator's loss is computed from where nobody judges.
 * @param {string} from
 * @param {readonly [PortPlace, PortPlace]} wide
 * @param {readonly [PortPlace, PortPlace]} tall
 * @returns {Edge}
 */
function direct(from, wide, tall) {
  return { ...join(from, "g-loss", G, false, wide, tall), isDirect: true, goesAround: true };
}

/**
 * @param {string} from
 * @param {string} to
 * @param {Edge["players"]} players
 * @param {boolean} isBack
 * @param {readonly [PortPlace, PortPlace]} wide
 * @param {readonly [PortPlace, PortPlace]} tall
 * @returns {Edge}
 */
function join(from, to, players, isBack, wide, tall) {
  return { from, to, players, isBack, ports: { wide, tall } };
}

/**
 * The point where an arrow leaves or meets a rectangle.
 * @param {Rectangle} rectangle
 * @param {PortPlace} place
 * @param {number} gap how far from the side, in pixels
 * @returns {Port}
 */
export function findPort({ left, top, right, bottom }, [side, along], gap) {
  const x = left + (right - left) * along;
  const y = top + (bottom - top) * along;
  if (side === "left") return { x: left - gap, y, side };
  if (side === "right") return { x: right + gap, y, side };
  if (side === "top") return { x, y: top - gap, side };
  return { x, y: bottom + gap, side };
}

/**
 * The way of an arrow: a soft curve between sides that face each other, else one rounded corner.
 * @param {Port} from
 * @param {Port} to
 * @returns {string} the `d` of a path
 */
export function routeArrow(from, to) {
  const leavesAcross = from.side === "left" || from.side === "right";
  const meetsAcross = to.side === "left" || to.side === "right";
  if (leavesAcross === meetsAcross) return curve(from, to, leavesAcross);
  return routeThrough([from, leavesAcross ? { x: to.x, y: from.y } : { x: from.x, y: to.y }, to]);
}

/**
 * @param {Port} from
 * @param {Port} to
 * @param {boolean} across
 */
function curve(from, to, across) {
  const [middleX, middleY] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const controls = across ? [middleX, from.y, middleX, to.y] : [from.x, middleY, to.x, middleY];
  return `M${write(from.x, from.y)} C${write(...controls)} ${write(to.x, to.y)}`;
}

const RADIUS = 14;

/**
 * Straight lines from point to point, with round corners.
 * @param {readonly {x: number, y: number}[]} points
 * @returns {string} the `d` of a path
 */
export function routeThrough(points) {
  const [start, ...rest] = points;
  const end = rest.pop();
  if (!start || !end) return "";
  const corners = rest.map((corner, i) => {
    const [before, after] = [approach(points[i] ?? start, corner), approach(points[i + 2] ?? end, corner)];
    return `L${write(...before)} Q${write(corner.x, corner.y)} ${write(...after)}`;
  });
  return [`M${write(start.x, start.y)}`, ...corners, `L${write(end.x, end.y)}`].join(" ");
}

/**
 * The point on the way to a corner where its rounding begins.
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} corner
 * @returns {[number, number]}
 */
function approach(from, corner) {
  const distance = Math.hypot(corner.x - from.x, corner.y - from.y);
  const way = distance > 0 ? Math.min(RADIUS, distance / 2) / distance : 0;
  return [corner.x + (from.x - corner.x) * way, corner.y + (from.y - corner.y) * way];
}

/** @param {number[]} numbers */
function write(...numbers) {
  return numbers.map((number) => Number(number.toFixed(1))).join(" ");
}
