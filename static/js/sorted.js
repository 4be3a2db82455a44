/** Looking something up in a column of ascending numbers. */

/**
 * How many numbers lie below a value; they ascend.
 *
 * @param {ArrayLike<number>} numbers
 * @param {number} value
 */
export function countBelow(numbers, value) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(numbers[middle]) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The last number among the first `count` that is one; NaN where there is none.
 *
 * @param {ArrayLike<number>} numbers
 * @param {number} count
 */
export function findLast(numbers, count) {
  for (let i = count - 1; i >= 0; i -= 1) if (!Number.isNaN(numbers[i])) return Number(numbers[i]);
  return NaN;
}
