/** Numbers as a student reads them. */

const significant = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const scientific = new Intl.NumberFormat("en", { notation: "scientific", maximumSignificantDigits: 3 });

/**
 * Write a number with three digits that count; a dash where there is none.
 * @param {number | null | undefined} value
 */
export function formatNumber(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return writePower(scientific.format(value));
  return (size >= 1000 ? whole : significant).format(value).replace("-", "−");
}

/**
 * Write a power of ten as it is written by hand: 4.5 × 10⁻⁶ and not 4.5E-6.
 * @param {string} number
 */
function writePower(number) {
  const [digits = "", power = ""] = number.replace(/^-/, "−").split("E");
  return `${digits} × 10${[...power].map((sign) => (sign === "-" ? "⁻" : RAISED[Number(sign)])).join("")}`;
}

/**
 * Write a number with a fixed number of decimals, for numbers that change in place; one that is too small for these
 * with three digits that count, because it is not 0.
 * @param {number | null | undefined} value
 * @param {number} decimals
 */
export function formatFixed(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value) || Math.abs(value) >= 1e5) {
    return formatNumber(value);
  }
  const written = value.toFixed(decimals);
  return value !== 0 && Number(written) === 0 ? formatNumber(value) : written.replace("-", "−");
}

/**
 * Write a count with commas between the thousands.
 * @param {number} count
 */
export function formatCount(count) {
  return whole.format(count);
}

/**
 * Give the least of 1, 2 or 5 times a power of ten that is not below the value; 1 where there is no such value.
 * @param {number} value
 */
export function roundUp(value) {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-6)) ?? 10;
  return Number((factor * power).toPrecision(1));
}

/**
 * Give the value below which the given fraction of the numbers lies; numbers that are not finite do not count.
 * @param {Iterable<number>} values
 * @param {number} fraction from 0 to 1
 * @returns {number} NaN where there is no number
 */
export function findQuantile(values, fraction) {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  if (!sorted.length) return Number.NaN;
  return sorted[Math.round((sorted.length - 1) * fraction)];
}
