/** Losses as labelled numbers, and as bars on one linear scale that both share and neither leaves. */

import { formatFixed, formatNumber, roundUp } from "../layers/numbers.js";
import { make, setText } from "../plots/elements.js";

/**
 * @typedef {{low: number, high: number}} LossScale
 */

/** A number of more signs than this is written smaller, to stay in one line. */
const LONG = 7;

/**
 * Choose the scale of the bars: round, with 0 on it, grown at once when a loss leaves it and shrunk only when the
 * losses have become far smaller.
 * @param {readonly number[]} losses numbers that are not finite do not count
 * @param {LossScale | null} previous
 * @returns {LossScale}
 */
export function chooseScale(losses, previous) {
  const finite = losses.filter(Number.isFinite);
  const reach = Math.max(0, ...finite.map(Math.abs));
  const isNegative = finite.some((loss) => loss < 0);
  const fits = previous && reach <= previous.high && reach > 0.3 * previous.high && (!isNegative || previous.low < 0);
  if (fits) return previous;
  const high = Math.max(roundUp(reach * 1.1), Number.MIN_VALUE);
  return { low: isNegative ? -high : 0, high };
}

/**
 * The bar of a loss: where it begins and how long it is, as fractions of the scale.
 * @param {number} loss
 * @param {LossScale} scale
 */
export function placeBar(loss, { low, high }) {
  if (Number.isNaN(loss)) return { start: 0, length: 0 };
  const place = (/** @type {number} */ value) => (Math.max(low, Math.min(high, value)) - low) / (high - low);
  const [from, to] = [place(Math.min(0, loss)), place(Math.max(0, loss))];
  return { start: from, length: to - from };
}

/** Make the number and the bar of a loss. */
export function createBar() {
  const number = make("span", { className: "loss-number", textContent: "–" });
  const fill = make("span", { className: "loss-fill" });
  const [low, high] = [make("span"), make("span")];
  const element = make("span", { className: "loss" }, [
    number,
    make("span", { className: "loss-track" }, [fill]),
    make("span", { className: "loss-ends" }, [low, high]),
  ]);
  return {
    element,
    /**
     * @param {number} loss
     * @param {LossScale} scale
     */
    show(loss, scale) {
      const { start, length } = placeBar(loss, scale);
      const text = formatFixed(loss, 3);
      setText(number, text);
      number.toggleAttribute("data-long", text.length > LONG);
      fill.style.setProperty("inset-inline-start", `${(100 * start).toFixed(1)}%`);
      fill.style.setProperty("inline-size", `${(100 * length).toFixed(1)}%`);
      setText(low, formatNumber(scale.low));
      setText(high, formatNumber(scale.high));
    },
  };
}
