import assert from "node:assert/strict";
import { test } from "node:test";

import { panBox } from "../../static/js/plots/view.js";

test("a pan goes by parts of what is seen, whatever the zoom", () => {
  assert.deepEqual(panBox([0, 10, 20, 30], [0.5, 0]), [5, 15, 20, 30]);
  assert.deepEqual(panBox([0, 1, 20, 24], [0, -0.25]), [0, 1, 19, 23]);
});
