import assert from "node:assert/strict";
import test from "node:test";

import { addToken, separateToken } from "../../static/js/link/token.js";

test("a token is taken out of a fragment, and the rest stays as it was", () => {
  assert.deepEqual(separateToken("#token=abc_-123"), { token: "abc_-123", rest: "" });
  assert.deepEqual(separateToken("#data=ring&token=abc&step=3"), { token: "abc", rest: "data=ring&step=3" });
  assert.deepEqual(separateToken("#data=ring&step=3"), { token: "", rest: "data=ring&step=3" });
  assert.deepEqual(separateToken(""), { token: "", rest: "" });
});

test("a shared link carries the token of a lab that asks for one, and no other", () => {
  assert.equal(addToken("data=ring&step=3", ""), "data=ring&step=3");
  assert.deepEqual(separateToken(addToken("data=ring&step=3", "abc")), { token: "abc", rest: "data=ring&step=3" });
  assert.equal(addToken("", "abc"), "token=abc");
});
