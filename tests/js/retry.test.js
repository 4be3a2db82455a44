import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseDelay } from "../../static/js/retry.js";

test("delays spread over the whole way from nothing to twice the last one", () => {
  assert.equal(chooseDelay(0, 0), 0);
  assert.equal(chooseDelay(5, 0), 0);
  assert.equal(chooseDelay(3, 0.5), 2 * chooseDelay(2, 0.5));
});

test("a lab that stays away is asked again within eight seconds", () => {
  assert.ok(chooseDelay(1000, 0.999) <= 8000);
  assert.ok(chooseDelay(1000, 0.999) > 7900);
});
