/** The table of what the metrics are now: each beside its floor, with how it misleads. */

import { formatNumber } from "../layers/numbers.js";
import { readMetric } from "../time/past.js";
import { make, setText } from "./elements.js";

/** @typedef {import("../state.js").PageState} PageState */

/** What counts the modes says nothing of how near to them the points lie. */
const COUNTS = Object.freeze(["modes", "modes20"]);
/** The share of points inside the modes, beside a perfect generator's, under which such a count is no praise. */
const FEW = 0.5;

/**
 * What a reader should know who sees all modes counted, while few points lie inside one; else "".
 * @param {number} share of the generated points that lie inside a mode; NaN where that is not known
 * @param {number | undefined} floor a perfect generator's
 */
export function describeFew(share, floor) {
  if (floor === undefined || !(share < FEW * floor)) return "";
  const [now, perfect] = [share, floor].map((one) => `${formatNumber(Math.round(1000 * one) / 10)}\u00a0%`);
  const all = "A mode counts as covered by the points that are nearest to it, however far they are.";
  return `Few inside: ${now} of the generated points lie inside a mode; of a perfect generator’s ${perfect} do. ${all}`;
}

/** Make a table of what the metrics are now, with words under it where they are easily misread. */
export function createMetricsTable() {
  const body = make("tbody");
  const heads = ["Metric", "Now", "Perfect generator", "Better"].map((name) => make("th", { scope: "col", textContent: name }));
  const table = make("table", { className: "values" }, [
    make("caption", { textContent: "Metrics now" }),
    make("thead", {}, [make("tr", {}, heads)]),
    body,
  ]);
  const note = make("p", { className: "metrics-note" });
  const element = make("div", { className: "metrics-now", hidden: true }, [table, note]);
  /** @type {Map<string, HTMLTableCellElement[]>} */
  const cells = new Map();

  /** @param {import("../state.js").UnitFacts} facts */
  function addRow({ key, label, help, better, unit, lies }) {
    const numbers = [make("td"), make("td")];
    const isSaid = !unit || label.toLowerCase().includes(unit);
    const facts = make("details", { className: "metric-facts" }, [
      make("summary", { textContent: isSaid ? label : `${label} (${unit})` }),
      make("p", { textContent: help }),
      make("p", {}, [make("strong", { textContent: "How it misleads: " }), lies ?? ""]),
    ]);
    const name = make("th", { scope: "row" }, [facts]);
    body.append(make("tr", {}, [name, ...numbers, make("td", { textContent: better === "higher" ? "↑ higher" : "↓ lower" })]));
    cells.set(key, numbers);
    return numbers;
  }

  return {
    element,
    /** @param {Readonly<PageState>} state */
    show(state) {
      const { floors, catalog, legacy } = state;
      const { metrics } = state.history;
      element.hidden = metrics.size === 0;
      const few = describeFew(readMetric(state, metrics.get("high_quality")), floors.high_quality);
      setText(note, few);
      for (const facts of catalog?.metrics ?? []) {
        const metric = metrics.get(facts.key);
        if (!metric && !cells.has(facts.key)) continue;
        if (facts.legacy && !legacy && !cells.has(facts.key)) continue;
        const [now, floor] = cells.get(facts.key) ?? addRow(facts);
        if (now?.parentElement) now.parentElement.hidden = facts.legacy === true && !legacy;
        const number = formatNumber(readMetric(state, metric));
        setText(now, few && COUNTS.includes(facts.key) ? `${number}, few inside` : number);
        setText(floor, formatNumber(floors[facts.key]));
      }
    },
  };
}
