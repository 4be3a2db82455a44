/**
 * The history of a run's scalars: columns of numbers that grow, and never lose what was sent.
 *
 * Columns are typed arrays with room to spare; `steps`, `d_loss` and `g_loss` are views on the filled part.
 */

/** @typedef {import("./protocol.js").Scalars} Scalars */

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

  clear() {
    this.#length = 0;
  }
}

/** All losses and metrics of the present revision; `version` grows with every change. */
export class History {
  #steps = new Column();
  #d_loss = new Column();
  #g_loss = new Column();
  /** @type {Map<string, {steps: Column, values: Column}>} */
  #metrics = new Map();
  version = 0;

  get steps() {
    return this.#steps.values;
  }

  /** The discriminator's loss of each step; NaN where it did not play. */
  get d_loss() {
    return this.#d_loss.values;
  }

  /** The generator's loss of each step; NaN where it did not play. */
  get g_loss() {
    return this.#g_loss.values;
  }

  /**
   * Each metric's own steps and values, since metrics are measured more rarely than losses.
   *
   * @returns {Map<string, {steps: Float64Array, values: Float64Array}>}
   */
  get metrics() {
    return new Map(
      [...this.#metrics].map(([key, { steps, values }]) => [key, { steps: steps.values, values: values.values }]),
    );
  }

  /** @param {Pick<Scalars, "steps" | "d_loss" | "g_loss" | "metrics">} scalars */
  append({ steps, d_loss, g_loss, metrics }) {
    for (const [i, step] of steps.entries()) {
      this.#steps.push(step);
      this.#d_loss.push(d_loss[i] ?? null);
      this.#g_loss.push(g_loss[i] ?? null);
    }
    for (const row of metrics) {
      for (const [key, value] of Object.entries(row.values)) this.#appendMetric(key, row.step, value);
    }
    this.version += 1;
  }

  clear() {
    this.#steps.clear();
    this.#d_loss.clear();
    this.#g_loss.clear();
    this.#metrics.clear();
    this.version += 1;
  }

  /**
   * @param {string} key
   * @param {number} step
   * @param {number | null} value
   */
  #appendMetric(key, step, value) {
    let metric = this.#metrics.get(key);
    if (!metric) {
      metric = { steps: new Column(), values: new Column() };
      this.#metrics.set(key, metric);
    }
    metric.steps.push(step);
    metric.values.push(value);
  }
}
