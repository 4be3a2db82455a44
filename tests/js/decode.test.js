import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeFrame } from "../../static/js/decode.js";

/**
 * A frame written by hand, after the format's own description.
 *
 * @param {object} header
 * @param {number[]} numbers
 * @param {number} [padding] Spaces after the header.
 */
function writeFrame(header, numbers, padding = 0) {
  const json = new TextEncoder().encode(JSON.stringify(header) + " ".repeat(padding));
  const bytes = new Uint8Array(8 + json.length + 4 * numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(new Float32Array(numbers).buffer), 8 + json.length);
  return bytes.buffer;
}

const HEADER = {
  __metadata__: { step: "12", revision: "1" },
  z: { dtype: "F32", shape: [2, 1], data_offsets: [0, 8] },
  surface: { dtype: "F32", shape: [3], data_offsets: [8, 20] },
};

for (const padding of [0, 1, 2, 3]) {
  test(`arrays and metadata come back from a frame with ${padding} bytes of padding`, () => {
    const { arrays, meta } = decodeFrame(writeFrame(HEADER, [1, -2, 0.5, 3, 4], padding));
    assert.deepEqual(meta, { step: "12", revision: "1" });
    assert.deepEqual(arrays.z, { shape: [2, 1], data: new Float32Array([1, -2]) });
    assert.deepEqual(arrays.surface, { shape: [3], data: new Float32Array([0.5, 3, 4]) });
  });
}

test("an array that is not float32 is refused by its name", () => {
  const frame = writeFrame({ z: { dtype: "F64", shape: [1], data_offsets: [0, 8] } }, [0, 0]);
  assert.throws(() => decodeFrame(frame), /z: expected F32, got F64/);
});

test("a message that is cut short is refused", () => {
  const frame = writeFrame(HEADER, [1, -2, 0.5, 3, 4]);
  assert.throws(() => decodeFrame(frame.slice(0, frame.byteLength - 4)), /surface: expected 12 bytes/);
  assert.throws(() => decodeFrame(frame.slice(0, 40)), /frame: expected a header/);
  assert.throws(() => decodeFrame(new ArrayBuffer(3)), /frame: expected at least 8 bytes, got 3/);
});
