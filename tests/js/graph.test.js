import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseScale, placeBar } from "../../static/js/graph/bars.js";
import { findDetour } from "../../static/js/graph/detours.js";
import { EDGES, findPort, routeArrow, routeThrough } from "../../static/js/graph/edges.js";
import { compareUpdates } from "../../static/js/graph/flow.js";
import { LOSS_NODES, PICTURE_NODES } from "../../static/js/graph/nodes.js";

/** @typedef {import("../../static/js/graph/edges.js").Port} Port */

test("the gradients of the discriminator are not said to be its next update, which its optimizer decides", () => {
  const help = PICTURE_NODES.find(({ key }) => key === "d-gradients")?.help ?? "";
  assert.match(help, /loss's gradient/);
  assert.doesNotMatch(help, /update/);
});

test("P22: every arrow joins two nodes that there are, and every node has an arrow", () => {
  const nodes = new Set([...PICTURE_NODES, ...LOSS_NODES].map(({ key }) => key));
  const joined = new Set(EDGES.flatMap(({ from, to }) => [from, to]));
  assert.deepEqual([...joined].sort(), [...nodes].sort());
});

test("P23: in a game the generator's learning never uses real samples, and the discriminator's uses all samples", () => {
  const used = (/** @type {"generator" | "discriminator"} */ player) =>
    EDGES.filter(({ players, isDirect, isPair }) => players.includes(player) && !isDirect && !isPair).map(({ from, to }) => `${from} ${to}`);
  assert.ok(!used("generator").some((edge) => edge.includes("real")));
  assert.ok(used("discriminator").includes("real discriminator"));
  assert.ok(used("discriminator").includes("generated discriminator"));
});

test("with an encoder real samples go to it, and its answers to the discriminator beside them, in both turns", () => {
  const pairs = EDGES.filter(({ isPair }) => isPair);
  assert.deepEqual(pairs.map(({ from, to }) => `${from} ${to}`), ["real encoder", "encoder discriminator"]);
  assert.ok(pairs.every(({ players, isBack }) => players.length === 2 && !isBack));
  const scene = (/** @type {number} */ size) => /** @type {any} */ ({ arrays: { z_real: { shape: [2, size], data: Float32Array.of(1, 2, 3, 4).slice(0, 2 * size) } } });
  const draw = PICTURE_NODES.find(({ key }) => key === "encoder")?.draw;
  const [plane, line] = [2, 1].map((size) => draw?.(scene(size))[0]);
  assert.deepEqual(plane?.kind === "points" && [...plane.points], [1, 2, 3, 4]);
  assert.deepEqual(line?.kind === "points" && [...line.points], [1, 0, 2, 0]);
  assert.deepEqual(draw?.(/** @type {any} */ ({ arrays: {} })), []);
});

test("a port lies on its side of the rectangle, a gap away", () => {
  const rectangle = { left: 10, right: 30, top: 100, bottom: 200 };
  assert.deepEqual(findPort(rectangle, ["right", 0.25], 4), { x: 34, y: 125, side: "right" });
  assert.deepEqual(findPort(rectangle, ["top", 0.5], 4), { x: 20, y: 96, side: "top" });
});

test("an arrow begins and ends at its ports, curved or around a corner", () => {
  const from = /** @type {Port} */ ({ x: 0, y: 0, side: "right" });
  const curve = routeArrow(from, { x: 100, y: 50, side: "left" });
  assert.equal(curve, "M0 0 C50 0 50 50 100 50");
  const corner = routeArrow({ x: 0, y: 0, side: "top" }, { x: -100, y: -50, side: "right" });
  assert.equal(corner, "M0 0 L0 -36 Q0 -50 -14 -50 L-100 -50");
});

test("P31: bars share a linear scale that none leaves", () => {
  const scale = chooseScale([0.7, 3.2], null);
  assert.deepEqual(scale, { low: 0, high: 5 });
  assert.deepEqual(placeBar(2.5, scale), { start: 0, length: 0.5 });
  assert.deepEqual(placeBar(99, scale), { start: 0, length: 1 });
  assert.deepEqual(placeBar(0, scale), { start: 0, length: 0 });
  assert.deepEqual(placeBar(Number.NaN, scale), { start: 0, length: 0 });
});

test("a negative loss has its bar left of zero", () => {
  const scale = chooseScale([-0.5, 0.2], null);
  assert.deepEqual(scale, { low: -1, high: 1 });
  assert.deepEqual(placeBar(-0.5, scale), { start: 0.25, length: 0.25 });
});

test("the scale stays while the losses fit, grows at once, and shrinks only far below", () => {
  const scale = { low: 0, high: 5 };
  assert.equal(chooseScale([2], scale), scale);
  assert.equal(chooseScale([6], scale).high, 10);
  assert.equal(chooseScale([0.1], scale).high, 0.2);
  assert.equal(chooseScale([-1], scale).low, -2);
});

test("who learned follows from whose updates were counted, within one run", () => {
  const at = (/** @type {number} */ d_updates, /** @type {number} */ g_updates, revision = 1) => ({ d_updates, g_updates, revision });
  assert.equal(compareUpdates(at(3, 3), at(4, 3)), "discriminator");
  assert.equal(compareUpdates(at(3, 3), at(3, 4)), "generator");
  assert.equal(compareUpdates(at(3, 3), at(5, 4)), "both");
  assert.equal(compareUpdates(at(3, 3), at(0, 0, 2)), "none");
  assert.equal(compareUpdates(null, at(9, 9)), "none");
});

/** A graph as it is laid out when it is narrow, and when it is wide. @type {Record<"tall" | "wide", Record<string, any>>} */
const PLACES = {
  tall: {
    real: { left: 113, right: 183, top: 390, bottom: 462 },
    generator: { left: 208, right: 278, top: 258, bottom: 328 },
    generated: { left: 208, right: 278, top: 390, bottom: 462 },
    discriminator: { left: 120, right: 270, top: 492, bottom: 660 },
    "g-gradients": { left: 295, right: 365, top: 360, bottom: 464 },
    "g-loss": { left: 199, right: 287, top: 840, bottom: 937 },
  },
  wide: {
    real: { left: 224, right: 315, top: 322, bottom: 413 },
    generator: { left: 44, right: 197, top: 378, bottom: 530 },
    generated: { left: 224, right: 315, top: 503, bottom: 593 },
    discriminator: { left: 341, right: 495, top: 360, bottom: 530 },
    "g-gradients": { left: 224, right: 315, top: 640, bottom: 752 },
    "g-loss": { left: 639, right: 743, top: 493, bottom: 571 },
  },
};

for (const arrangement of /** @type {const} */ (["tall", "wide"])) {
  test(`an arrow that goes straight to the loss crosses no node where data flow ${arrangement}`, () => {
    const places = PLACES[arrangement];
    const around = EDGES.filter(({ goesAround }) => goesAround);
    assert.deepEqual(around.map(({ from }) => from), ["real", "generated", "generator"]);
    for (const { from, to, ports } of around) {
      const [start, end] = ports[arrangement];
      const ends = { start: findPort(places[from], start, 3), end: findPort(places[to], end, 5) };
      const way = [ends.start, ...findDetour(from, arrangement, (key) => places[key], ends), ends.end];
      for (const [i, { x, y }] of way.slice(1).entries()) {
        const before = /** @type {import("../../static/js/graph/detours.js").Point} */ (way[i]);
        assert.ok(before.x === x || before.y === y, `${from}: it turns at right angles only`);
        const crossed = Object.entries(places).filter(
          ([, { left, right, top, bottom }]) =>
            Math.max(before.x, x) > left && Math.min(before.x, x) < right && Math.max(before.y, y) > top && Math.min(before.y, y) < bottom,
        );
        assert.deepEqual(crossed.map(([key]) => key), [], `${from} to ${to}, part ${i}`);
      }
    }
  });
}

test("a way through points turns softly at each", () => {
  const way = routeThrough([{ x: 0, y: 0 }, { x: 0, y: 100 }, { x: 100, y: 100 }]);
  assert.equal(way, "M0 0 L0 86 Q0 100 14 100 L100 100");
});
