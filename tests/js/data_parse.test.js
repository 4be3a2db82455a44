import assert from "node:assert/strict";
import { test } from "node:test";

import { looksLikePoints, parsePoints, thinEvenly } from "../../static/js/data/parse.js";

const PAIR = [
  [0.1, 0.7],
  [-2, 5e-3],
];

for (const [kind, text] of Object.entries({
  commas: "0.1,0.7\n-2,5e-3",
  "commas and spaces": "0.1 , 0.7\r\n  -2, .005  \r\n",
  semicolons: "0.1;0.7\n-2;0.005",
  "semicolons with decimal commas": "0,1;0,7\n-2;0,005",
  tabs: "0.1\t0.7\n-2\t0.005",
  spaces: "0.1   0.7\n -2 0.005",
  "a header": "x,y\n0.1,0.7\n-2,0.005",
  "quoted cells": '"x","y"\n"0.1","0.7"\n"-2","0.005"',
  "a header that names the columns": "id;y;x\na;0.7;0.1\nb;0.005;-2",
  "comments and empty lines": "# mine\n\n0.1,0.7 # first\n\n-2,0.005\n",
  "a byte order mark": "\uFEFF0.1,0.7\n-2,0.005",
  "pairs in JSON": "[[0.1, 0.7],\n [-2, 0.005]]",
  "objects in JSON": '[{"x": 0.1, "y": 0.7}, {"y": 0.005, "x": -2}]',
  "an object with points in JSON": '{"points": [[0.1, 0.7], [-2, 0.005]]}',
})) {
  test(`points are read from ${kind}`, () => assert.deepEqual(parsePoints(text).points, PAIR));
}

for (const [text, words] of /** @type {[string, string][]} */ ([
  ["x,y\n1,2\n3,4\n5,6\n7,8\n9,10\nabc, 1\n", "line 7: expected two numbers, got 'abc, 1'"],
  ["abc, 1", "line 1: expected two numbers, got 'abc, 1'"],
  ["# head\n1,2\n3", "line 3: expected two numbers, got '3'"],
  ["1,2,3", "line 1: expected two numbers, got '1,2,3'"],
  ["1,nan", "line 1: expected two numbers, got '1,nan'"],
  ["1,0x10", "line 1: expected two numbers, got '1,0x10'"],
  ["x;y\n1;", "line 2: expected two numbers, got '1;'"],
  ["1,2\n2000000,0", "line 2: expected numbers from -1000000 to 1000000, got '2000000,0'"],
  ["1,2\n1e999,0", "line 2: expected numbers from -1000000 to 1000000, got '1e999,0'"],
  ["", "no points: expected two numbers on a line"],
  ["x,y\n", "no points: expected two numbers on a line"],
  ["[]", "no points: expected two numbers on a line"],
  ['[[1, 2], ["a", 1]]', "point 2: expected two numbers, got '[\"a\",1]'"],
  ["[[1, 2, 3]]", "point 1: expected two numbers, got '[1,2,3]'"],
  ["[null]", "point 1: expected two numbers, got 'null'"],
  ["[[1, 2],\n[3, 4],\n[5 6]]", "line 3: this is not JSON, which the bracket at the beginning promises"],
  ["[[1, 2],\n[3, 4]", "line 2: this is not JSON, which the bracket at the beginning promises"],
  ['{"a": 1}', "expected a list of points, as in [[0.1, 0.7], [0.2, 0.5]]"],
])) {
  test(`${JSON.stringify(text)} is refused: ${words}`, () => assert.throws(() => parsePoints(text), { message: words }));
}

test("more than 20,000 points are thinned evenly, and how many there were is told", () => {
  const { points, given } = parsePoints(Array.from({ length: 50_000 }, (_, i) => `${i},0`).join("\n"));
  assert.equal(given, 50_000);
  assert.equal(points.length, 20_000);
  assert.deepEqual([points[0], points[19_999]], [[0, 0], [49_997, 0]]);
});

test("20,000 points with all the digits a file may give fit in a message of one mebibyte", () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `${-1.2345678901e-7 - i * 1e-13} ${-9.87654321e-8}`).join("\n");
  assert.ok(JSON.stringify(parsePoints(text).points).length < 700_000);
});

test("a text of more than a megabyte is refused", () => {
  assert.throws(() => parsePoints("1,2\n".repeat(260_000)), { message: "expected at most 1 MB of text, got 1.0 MB" });
});

test("text on the clipboard is told from points", () => {
  assert.ok(looksLikePoints("x,y\n0.1, 0.7"));
  assert.ok(looksLikePoints("[[1, 2]]"));
  assert.ok(!looksLikePoints("A sentence, with a comma and 2 numbers, 3."));
  assert.ok(!looksLikePoints("ring8"));
});

test("thinning keeps the order, and a short list as it is", () => {
  assert.deepEqual(thinEvenly([1, 2, 3, 4, 5, 6], 3), [1, 3, 5]);
  assert.deepEqual(thinEvenly([1, 2], 3), [1, 2]);
});
