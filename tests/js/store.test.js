import assert from "node:assert/strict";
import { test } from "node:test";

import { createStore } from "../../static/js/store.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));
const live = () => new AbortController().signal;

test("a listener is called at once with the present state", () => {
  const store = createStore({ a: 1 });
  /** @type {number[]} */
  const seen = [];
  store.subscribe(["a"], ({ a }) => seen.push(a), { signal: live() });
  assert.deepEqual(seen, [1]);
});

test("several changes of one task are told once, with the newest state", async () => {
  const store = createStore({ a: 1, b: 1 });
  /** @type {object[]} */
  const seen = [];
  store.subscribe(["a", "b"], (state) => seen.push(state), { signal: live() });
  store.set({ a: 2 });
  store.set({ b: 3 });
  store.set({ a: 4 });
  await settle();
  assert.deepEqual(seen.slice(1), [{ a: 4, b: 3 }]);
});

test("a listener hears of its own keys only, and of no value that stays the same", async () => {
  const store = createStore({ a: 1, b: 1 });
  let calls = 0;
  store.subscribe(["a"], () => (calls += 1), { signal: live() });
  store.set({ b: 2, a: 1 });
  await settle();
  assert.equal(calls, 1);
});

test("setting the same object again is a change, since its inside may have grown", async () => {
  const list = [1];
  const store = createStore({ list });
  /** @type {number[]} */
  const lengths = [];
  store.subscribe(["list"], (state) => lengths.push(state.list.length), { signal: live() });
  list.push(2);
  store.set({ list });
  await settle();
  assert.deepEqual(lengths, [1, 2]);
});

test("nothing is heard after the signal is aborted", async () => {
  const store = createStore({ a: 1 });
  const lifetime = new AbortController();
  let calls = 0;
  store.subscribe(["a"], () => (calls += 1), { signal: lifetime.signal });
  store.set({ a: 2 });
  lifetime.abort();
  await settle();
  assert.equal(calls, 1);
});

test("a listener that throws is reported, and keeps no other from hearing", async (t) => {
  /** @type {unknown[]} */
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => Reflect.deleteProperty(globalThis, "reportError"));
  const store = createStore({ a: 1 });
  const broken = new Error("broken view");
  let heard = 0;
  store.subscribe(
    ["a"],
    () => {
      throw broken;
    },
    { signal: live() },
  );
  store.subscribe(["a"], ({ a }) => (heard = a), { signal: live() });
  store.set({ a: 2 });
  await settle();
  assert.equal(heard, 2);
  assert.deepEqual(reported, [broken, broken]);
});
