/**
 * The history of a run's scalars: columns of numbers that grow, up to a bound.
 *
 * A run may train for hours: beyond the bound the older rows are thinned evenly, and the newest are all kept.
 * Columns are typed arrays with room to spare; `steps`, `d_loss` and `g_loss` are views on the filled part.
 */

import { countBelow, findLast } from "./sorted.js";

/** @typedef {import("./protocol.js").Scalars} Scalars */

const MOST_ROWS = 50_000;
/** How many of the newest rows are never thinned. */
const NEWEST_ROWS = 5_000;
/** Thinning leaves room for so many rows to come at least, so that it is seldom done. */
const LEAST_ROOM = 12_500;

/** A column of numbers; memory doubles when it is full, so that appending stays cheap. */
export class Column {
  #numbers = new Float64Array(256);
  #length = 0;

  get length() {
    return this.#length;
  }

  /** The filled part; a view, valid until the next `push` or `clear`. */
  get values() {
    return this.#numbers.subarray(0, this.#length);
  }

  /** @param {number | null} value A missing number is kept as NaN. */
  push(value) {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length] = value ?? NaN;
    this.#length += 1;
  }

  /** @param {readonly number[]} rows The rows to keep, ascending. */
  keep(rows) {
    for (const [to, from] of rows.entries()) this.#numbers[to] = Number(this.#numbers[from]);
    this.#length = rows.length;
  }

  clear() {
    this.#length = 0;
  }
}

/** Columns of the same length, the first of which holds steps; their number of rows is bounded. */
class Table {
  #columns;
  #stride = 1;

  /** @param {number} width The number of columns. */
  constructor(width) {
    this.#columns = Array.from({ length: width }, () => new Column());
  }

  /**
   * The filled part of a column.
   *
   * @param {number} index
   */
  read(index) {
    return this.#column(index).values;
  }

  /** @param {...(number | null)} row A step, and a number for each other column. */
  push(...row) {
    for (const [i, value] of row.entries()) this.#column(i).push(value);
    if (this.#column(0).length > MOST_ROWS) this.#thin();
  }

  clear() {
    for (const column of this.#columns) column.clear();
    this.#stride = 1;
  }

  #thin() {
    this.#keepOneOfEach(this.#stride);
    while (this.#column(0).length > MOST_ROWS - LEAST_ROOM) {
      this.#stride *= 2;
      this.#keepOneOfEach(this.#stride);
    }
  }

  /**
   * Keep the first row of every `stride` steps, and the newest rows.
   *
   * @param {number} stride
   */
  #keepOneOfEach(stride) {
    const steps = this.read(0);
    const newest = steps.length - NEWEST_ROWS;
    let last = NaN;
    const rows = [];
    for (const [i, step] of steps.entries()) {
      const turn = Math.floor(step / stride);
      if (turn !== last || i >= newest) rows.push(i);
      last = turn;
    }
    for (const column of this.#columns) column.keep(rows);
  }

  /** @param {number} index */
  #column(index) {
    return /** @type {Column} */ (this.#columns[index]);
  }
}

/** All losses and metrics of the present revision; `version` grows with every change. */
export class History {
  #losses = new Table(3);
  #last = { d_loss: NaN, g_loss: NaN };
  /** @type {Map<string, Table>} */
  #metrics = new Map();
  version = 0;

  get steps() {
    return this.#losses.read(0);
  }

  /** The discriminator's loss of each step; NaN where it did not play. */
  get d_loss() {
    return this.#losses.read(1);
  }

  /** The generator's loss of each step; NaN where it did not play. */
  get g_loss() {
    return this.#losses.read(2);
  }

  /** Each player's last loss: one that does not play leaves its loss as it was; NaN before its first. */
  get last() {
    return this.#last;
  }

  /**
   * Each player's last loss at a step: what `last` was when the run was there.
   *
   * @param {number} step
   */
  lossesAt(step) {
    const end = countBelow(this.steps, step + 1);
    return { d_loss: findLast(this.d_loss, end), g_loss: findLast(this.g_loss, end) };
  }

  /**
   * Each metric's own steps and values, since metrics are measured more rarely than losses.
   *
   * @returns {Map<string, {steps: Float64Array, values: Float64Array}>}
   */
  get metrics() {
    return new Map([...this.#metrics].map(([key, table]) => [key, { steps: table.read(0), values: table.read(1) }]));
  }

  /** @param {Pick<Scalars, "steps" | "d_loss" | "g_loss" | "metrics">} scalars */
  append({ steps, d_loss, g_loss, metrics }) {
    for (const [i, step] of steps.entries()) {
      const [ofD, ofG] = [d_loss[i] ?? null, g_loss[i] ?? null];
      this.#losses.push(step, ofD, ofG);
      this.#last = { d_loss: ofD ?? this.#last.d_loss, g_loss: ofG ?? this.#last.g_loss };
    }
    for (const row of metrics) {
      for (const [key, value] of Object.entries(row.values)) this.#appendMetric(key, row.step, value);
    }
    this.version += 1;
  }

  clear() {
    this.#losses.clear();
    this.#last = { d_loss: NaN, g_loss: NaN };
    this.#metrics.clear();
    this.version += 1;
  }

  /**
   * @param {string} key
   * @param {number} step
   * @param {number | null} value
   */
  #appendMetric(key, step, value) {
    const table = this.#metrics.get(key) ?? new Table(2);
    this.#metrics.set(key, table);
    table.push(step, value);
  }
}
