/**
 * Smoothing that neither starts at zero nor swallows a NaN. Pure.
 * @module
 */

/**
 * Debiased exponential moving average. A bucket of n points at its mean weighs as much as n single
 * points would, so the curve looks alike at any zoom. Non-finite buckets stay gaps and are skipped.
 * @param {(number | null)[]} means
 * @param {number[]} counts points a bucket
 * @param {number} weight between 0 (as it is) and 1
 * @returns {(number | null)[]}
 */
export function smooth(means, counts, weight) {
  if (weight <= 0) return means;
  let level = 0;
  let mass = 0;
  return means.map((mean, i) => {
    if (mean === null) return null;
    const keep = weight ** counts[i];
    level = keep * level + (1 - keep) * mean;
    mass = keep * mass + (1 - keep);
    return level / mass;
  });
}
