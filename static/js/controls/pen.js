/** A pen on a square canvas, moved by mouse, finger, stylus or keys. Places lie in [0, 1]², the origin bottom left. */

/** @typedef {import("../data/strokes.js").Point} Point */

/**
 * What a pen tells. `place` is where it is; `byKeys` whether keys brought it there.
 *
 * @typedef {object} PenListener
 * @property {(place: Point, byKeys: boolean) => void} down
 * @property {(places: Point[], byKeys: boolean) => void} draw The pen moved while it was down.
 * @property {() => void} up
 * @property {(place: Point) => void} hover Keys moved the pen while it was up.
 */

const KEY_STEP = 0.02;
const LONG_KEY_STEP = 0.1;
/** @type {Record<string, Point>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PenListener} listener
 * @param {{signal: AbortSignal}} options
 * @returns {{lift: () => void}} `lift` ends a stroke that is being drawn.
 */
export function createPen(canvas, listener, { signal }) {
  /** The pointer or the keys that hold the pen down. @type {number | "keys" | null} */
  let holder = null;
  /** @type {Point} */
  let place = [0.5, 0.5];

  function lift() {
    if (holder === null) return;
    holder = null;
    listener.up();
  }

  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      lift();
      canvas.setPointerCapture(event.pointerId);
      holder = event.pointerId;
      place = locate(canvas, event);
      listener.down(place, false);
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      if (event.pointerId !== holder) return;
      const events = event.getCoalescedEvents();
      const places = (events.length > 0 ? events : [event]).map((one) => locate(canvas, one));
      place = places.at(-1) ?? place;
      listener.draw(places, false);
    },
    { signal },
  );
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(
      type,
      (event) => {
        if (/** @type {PointerEvent} */ (event).pointerId === holder) lift();
      },
      { signal },
    );
  }
  canvas.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const way = WAYS[event.key];
      if (way) {
        place = move(place, way, event.shiftKey ? LONG_KEY_STEP : KEY_STEP);
        if (holder === "keys") listener.draw([place], true);
        else listener.hover(place);
      } else if (event.key === " " || event.key === "Enter") {
        if (event.repeat) return event.preventDefault();
        if (holder === "keys") lift();
        else {
          lift();
          holder = "keys";
          listener.down(place, true);
        }
      } else return;
      event.preventDefault();
    },
    { signal },
  );
  return { lift };
}

/**
 * Where a pointer is. The canvas is measured at every event, because it may have been resized or scrolled.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {PointerEvent} event
 * @returns {Point}
 */
function locate(canvas, { clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [clamp((clientX - left) / width), clamp(1 - (clientY - top) / height)];
}

/**
 * @param {Point} place
 * @param {Point} way
 * @param {number} step
 * @returns {Point}
 */
function move([x, y], [dx, dy], step) {
  return [clamp(x + dx * step), clamp(y + dy * step)];
}

/** @param {number} part */
function clamp(part) {
  return Math.min(Math.max(part, 0), 1);
}
