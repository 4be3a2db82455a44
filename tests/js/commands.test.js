import assert from "node:assert/strict";
import { test } from "node:test";

import { Commands } from "../../static/js/commands.js";

test("every command has a later number than the one before, and than those of a page before a reload", () => {
  const commands = new Commands(7000);
  const ids = [commands.begin({ type: "pause" }), commands.begin({ type: "pause" })].map(({ message }) => message.id);
  assert.deepEqual(ids, [7001, 7002]);
});

test("an answer ends its own command and no other", async () => {
  const commands = new Commands(0);
  const [first, second] = [commands.begin({ type: "pause" }), commands.begin({ type: "reset", seed: null })];
  commands.finish(1);
  commands.refuse(2, new Error("reset: the session is closed"));
  await first.answered;
  await assert.rejects(second.answered, /reset: the session is closed/);
  assert.deepEqual(commands.list(), []);
});

test("what is not answered yet is said again in its order, under the same numbers", () => {
  const commands = new Commands(0);
  commands.begin({ type: "pause" });
  commands.begin({ type: "step", player: "both", count: 1 });
  commands.begin({ type: "reset", seed: 4 });
  commands.finish(2);
  assert.deepEqual(commands.list(), [
    { type: "pause", id: 1 },
    { type: "reset", seed: 4, id: 3 },
  ]);
});

test("commands of a run that has ended are given up, each with the reason", async () => {
  const commands = new Commands(0);
  const { answered } = commands.begin({ type: "pause" });
  commands.abandon("the run ended");
  await assert.rejects(answered, /the run ended/);
  assert.deepEqual(commands.list(), []);
});

test("an answer that comes twice, as after a repetition, is no mistake", async () => {
  const commands = new Commands(0);
  const { answered } = commands.begin({ type: "pause" });
  commands.finish(1);
  commands.finish(1);
  commands.refuse(1, new Error("late"));
  await answered;
});
