import assert from "node:assert/strict";
import { test } from "node:test";

import { meetNeeds } from "../../static/js/controls/needs.js";

/** @typedef {import("../../static/js/state.js").RunConfig} RunConfig */

const CATALOG = /** @type {import("../../static/js/state.js").Catalog} */ (
  /** @type {unknown} */ ({
    losses: [
      { key: "hinge", label: "Hinge", needs: {} },
      { key: "glo", label: "GLO", needs: { "data.size": 512 } },
    ],
    techniques: [{ key: "retraining", label: "Retraining", needs: { "data.size": 100 } }],
    datasets: [
      { key: "file", parameters: [{ key: "size", label: "Length of the file" }] },
      { key: "ring", parameters: [{ key: "size", label: "Size of the data set" }] },
    ],
    run: { sections: { data: "datasets" }, numbers: [], network: [] },
  })
);

/**
 * @param {string} loss
 * @param {Record<string, number>} data
 * @param {string[]} techniques
 */
const run = (loss, data, ...techniques) =>
  /** @type {RunConfig} */ (
    /** @type {unknown} */ ({
      loss: { name: loss },
      data: { name: "ring", ...data },
      techniques: techniques.map((name) => ({ name })),
    })
  );

test("a loss comes with the number that it needs, and the page says so", () => {
  const { config, news } = meetNeeds(run("glo", { size: 0, radius: 2 }), CATALOG);
  assert.deepEqual(config, run("glo", { size: 512, radius: 2 }));
  assert.equal(news, "Size of the data set: now 512, needed by GLO.");
});

test("a number that serves already stays, and nothing is said", () => {
  const config = run("glo", { size: 7 });
  assert.deepEqual(meetNeeds(config, CATALOG), { config, news: "" });
  assert.deepEqual(meetNeeds(run("hinge", {}), CATALOG), { config: run("hinge", {}), news: "" });
});

test("what else is on is met too, and by one number", () => {
  const alone = meetNeeds(run("hinge", {}, "retraining"), CATALOG);
  assert.equal(alone.config.data.size, 100);
  const both = meetNeeds(run("glo", {}, "retraining"), CATALOG);
  assert.equal(both.config.data.size, 512);
  assert.equal(both.news, "Size of the data set: now 512, needed by GLO.");
});
