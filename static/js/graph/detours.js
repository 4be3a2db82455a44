/** The ways of the arrows that go straight to the generator's loss: around the discriminator, which takes no part. */

/** @typedef {import("./edges.js").Arrangement} Arrangement */
/** @typedef {import("./edges.js").Port} Port */
/** @typedef {import("./edges.js").Rectangle} Rectangle */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {(key: string, side: string) => Rectangle} Find where a node is, with what stands at that side of it */

/** How far an arrow stays away from what it goes around, in pixels. */
const CLEAR = 10;

/**
 * The corners that an arrow to the generator's loss turns at on its way.
 *
 * @param {string} from the node where it begins
 * @param {Arrangement} arrangement
 * @param {Find} find
 * @param {Readonly<Record<"start" | "end", Port>>} ports
 * @returns {Point[]}
 */
export function findDetour(from, arrangement, find, ports) {
  return arrangement === "tall" ? passBeside(from, find, ports) : passBelow(from, find, ports);
}

/**
 * Data flow to the right: down beside what it begins at, along under the discriminator, and up to the loss. Each has
 * its own lane, so that they do not cross.
 *
 * @param {string} from
 * @param {Find} find
 * @param {Readonly<Record<"start" | "end", Port>>} ports
 */
function passBelow(from, find, { start, end }) {
  const [judge, generated, loss] = ["discriminator", "generated", "g-loss"].map((key) => find(key, "bottom"));
  if (from === "generator") return climb(start.x, Math.max(start.y, generated.bottom) + CLEAR, loss.left - 2 * CLEAR);
  const down = (start.x + judge.left) / 2;
  const [lane, up] =
    from === "real"
      ? [judge.bottom + CLEAR, loss.left - 3 * CLEAR]
      : [Math.max(judge.bottom + 2 * CLEAR, start.y), loss.left - 2 * CLEAR];
  return [{ x: down, y: start.y }, ...climb(down, lane, up)];

  /** @param {number} x @param {number} y @param {number} last where it goes up to the loss */
  function climb(x, y, last) {
    return [{ x, y }, { x: last, y }, { x: last, y: end.y }];
  }
}

/**
 * Data flow downwards: past the discriminator, real samples on the left and the generator's on the right of it.
 *
 * @param {string} from
 * @param {Find} find
 * @param {Readonly<Record<"start" | "end", Port>>} ports
 */
function passBeside(from, find, { start, end }) {
  const [judge, generated, gradients] = ["discriminator", "generated", "g-gradients"].map((key) => find(key, "top"));
  const turn = (start.y + judge.top) / 2;
  if (from === "real") {
    const left = judge.left - CLEAR;
    return [{ x: start.x, y: turn }, { x: left, y: turn }, { x: left, y: end.y }];
  }
  const right = (Math.max(judge.right, generated.right) + gradients.left) / 2;
  const above = end.y - 2 * CLEAR;
  const begun = from === "generated" ? [{ x: start.x, y: turn }, { x: right, y: turn }] : [{ x: right, y: start.y }];
  return [...begun, { x: right, y: above }, { x: end.x, y: above }];
}
