/** The ways of generated samples from their noise, where they do not come of it at once. */

/** @typedef {import("./marks.js").Scene} Scene */
/** @typedef {import("./marks.js").Mark} Mark */

/**
 * Some samples' ways: a line from the noise, which is a ring, to the sample.
 * @param {Scene} scene
 * @returns {Mark[]}
 */
export function drawStreams({ arrays }) {
  const { streams } = arrays;
  if (!streams) return [];
  const [count, places] = streams.shape;
  const lines = Array.from({ length: count }, (_, i) => streams.data.subarray(2 * i * places, 2 * (i + 1) * places));
  const points = new Float32Array(2 * count);
  lines.forEach((line, i) => points.set(line.subarray(0, 2), 2 * i));
  return [
    { kind: "lines", lines, colour: "generator", width: 1, opacity: 0.5 },
    { kind: "points", shape: "ring", points, colour: "generator", radius: 2 },
  ];
}
