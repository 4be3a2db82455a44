import assert from "node:assert/strict";
import { test } from "node:test";

import { areForLab, arrangeFiles, readFormat } from "../../static/js/files/kinds.js";
import { describeLoss } from "../../static/js/files/replace.js";
import { createOpener } from "../../static/js/files/transfer.js";
import { buildState } from "../../static/js/state.js";
import { createStore } from "../../static/js/store.js";

/** @typedef {import("../../static/js/state.js").Status} Status */
/** @typedef {import("../../static/js/state.js").Tree} Tree */

/** @param {string} name @param {number} [size] */
const file = (name, size = 3) => new File([new Uint8Array(size)], name);

/** @param {string} name @param {string} format */
function tensorFile(name, format) {
  const header = JSON.stringify({ __metadata__: { ganlab: JSON.stringify({ format, name: "ä" }) } });
  const bytes = new TextEncoder().encode(header);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(bytes.length), true);
  return new File([length, bytes, new Uint8Array(5)], name);
}

test("a run and a model go where they belong by what they tell of themselves, whatever they are called", async () => {
  const run = tensorFile("model.safetensors", "ganlab-run");
  const model = tensorFile("run.safetensors", "ganlab-model");
  assert.deepEqual(await arrangeFiles([run]), { route: "run", parts: [run] });
  assert.deepEqual(await arrangeFiles([model]), { route: "model", parts: [model] });
});

test("what tells nothing of itself is sent as a model, for the server to refuse in words", async () => {
  const long = new Uint8Array(16).fill(255);
  for (const strange of [file("a.safetensors", 0), file("b", 7), file("c", 30), new File([long], "d")]) {
    assert.equal(await readFormat(strange), null);
    assert.deepEqual(await arrangeFiles([strange]), { route: "model", parts: [strange] });
  }
});

test("P13: GAN Lab's two files are sent together, the JSON first, in whatever order they were chosen", async () => {
  const [manifest, weights] = [file("ring.JSON", 978), file("ring.weights.bin")];
  for (const files of [
    [manifest, weights],
    [weights, manifest],
  ]) {
    assert.deepEqual(await arrangeFiles(files), { route: "model?manifest=978", parts: [manifest, weights] });
  }
});

test("other choices of files are refused in words", async () => {
  for (const files of [[], [file("a.json")], [file("a.bin"), file("b.bin")], [file("a.json"), file("b"), file("c")]]) {
    await assert.rejects(arrangeFiles(files), /two files together/);
  }
});

test("dropped files are the lab's own or GAN Lab's by their names; all others are points", () => {
  assert.equal(areForLab([file("a.run.safetensors")]), true);
  assert.equal(areForLab([file("a.json"), file("A.BIN")]), true);
  assert.equal(areForLab([file("points.json")]), false);
  assert.equal(areForLab([file("points.csv")]), false);
  assert.equal(areForLab([]), false);
});

test("under a lock no file is opened, and the words say what is locked", async () => {
  const look = /** @type {import("../../static/js/appearance/choices.js").Appearance} */ ({});
  const store = createStore(buildState(look));
  store.set({ session: "k", connection: "open" });
  const open = createOpener(store, ["seed", "settings"], () => assert.fail("nothing is asked"));
  await open([tensorFile("a.safetensors", "ganlab-run")]);
  assert.equal(store.get().problem, "Seed, Settings: locked by this link.");
});

test("before a saved run is opened, it is said what would be lost; an untrained run is no loss", () => {
  const status = (/** @type {number} */ head) => /** @type {Status} */ ({ first: 0, head });
  const tree = (/** @type {number} */ count) => /** @type {Tree} */ (/** @type {unknown} */ ({ branches: Array(count).fill({}) }));
  assert.equal(describeLoss({ status: status(0), tree: tree(1) }), "");
  assert.match(describeLoss({ status: status(1200), tree: tree(1) }), /its 1,200 steps will be gone/);
  assert.match(describeLoss({ status: status(0), tree: tree(3) }), /all 3 branches of it will be gone/);
});
