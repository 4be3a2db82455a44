/**
 * Frames: one binary message in the safetensors format, read into named arrays.
 *
 * Layout: 8 bytes, the length of the header; the header, JSON with every array's type, shape and range; the numbers.
 */

/** @typedef {import("./state.js").NamedArray} NamedArray */

/** @typedef {{dtype: string, shape: number[], data_offsets: [number, number]}} Entry */

/**
 * Read a frame; arrays are views on the message's own bytes where they are aligned, and copies where not.
 *
 * @param {ArrayBuffer} buffer
 * @returns {{arrays: Record<string, NamedArray>, meta: Record<string, string>}}
 * @throws {RangeError} when the message is no frame
 */
export function decodeFrame(buffer) {
  if (buffer.byteLength < 8) throw new RangeError(`frame: expected at least 8 bytes, got ${buffer.byteLength}`);
  const start = 8 + Number(new DataView(buffer).getBigUint64(0, true));
  if (start > buffer.byteLength)
    throw new RangeError(`frame: expected a header of ${start} bytes, got ${buffer.byteLength}`);
  const { __metadata__: meta = {}, ...entries } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)),
  );
  /** @type {Record<string, NamedArray>} */
  const arrays = {};
  for (const [name, entry] of Object.entries(/** @type {Record<string, Entry>} */ (entries))) {
    arrays[name] = { shape: entry.shape, data: readFloats(name, entry, buffer, start) };
  }
  return { arrays, meta };
}

/**
 * @param {string} name
 * @param {Entry} entry
 * @param {ArrayBuffer} buffer
 * @param {number} start Where the numbers begin.
 */
function readFloats(name, { dtype, shape, data_offsets: [first, end] }, buffer, start) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (dtype !== "F32") throw new RangeError(`${name}: expected F32, got ${dtype}`);
  if (end - first !== 4 * count || start + end > buffer.byteLength) {
    throw new RangeError(`${name}: expected ${4 * count} bytes, got ${end - first}`);
  }
  const from = start + first;
  return from % 4 === 0
    ? new Float32Array(buffer, from, count)
    : new Float32Array(buffer.slice(from, from + 4 * count));
}
