/** The table of what the metrics are now: each beside its floor, with how it misleads. */

import { formatNumber } from "../layers/numbers.js";
import { readMetric } from "../time/past.js";
import { make, setText } from "./elements.js";

/** @typedef {import("../state.js").PageState} PageState */

/** Make a table of what the metrics are now. */
export function createMetricsTable() {
  const body = make("tbody");
  const heads = ["Metric", "Now", "Perfect generator", "Better"].map((name) => make("th", { scope: "col", textContent: name }));
  const element = make("table", { className: "values metrics-now", hidden: true }, [
    make("caption", { textContent: "Metrics now" }),
    make("thead", {}, [make("tr", {}, heads)]),
    body,
  ]);
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
      for (const facts of catalog?.metrics ?? []) {
        const metric = metrics.get(facts.key);
        if (!metric && !cells.has(facts.key)) continue;
        if (facts.legacy && !legacy && !cells.has(facts.key)) continue;
        const [now, floor] = cells.get(facts.key) ?? addRow(facts);
        if (now?.parentElement) now.parentElement.hidden = facts.legacy === true && !legacy;
        setText(now, formatNumber(readMetric(state, metric)));
        setText(floor, formatNumber(floors[facts.key]));
      }
    },
  };
}
