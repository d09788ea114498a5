/**
 * Between global steps and epochs. `ends[e]` is the last global step of the 0-based epoch e. Pure.
 * @module
 */

/**
 * @param {number[]} epochs
 * @param {import("../types").Num[]} lastSteps
 * @returns {number[]} as far as the epochs follow one another
 */
export function endsOf(epochs, lastSteps) {
  /** @type {number[]} */
  const ends = [];
  epochs.forEach((epoch, i) => {
    if (epoch === ends.length) ends.push(Number(lastSteps[i]));
  });
  return ends;
}

/**
 * How many epochs were done at a step; a fraction within an epoch. Beyond the last known end an
 * epoch is taken to be as long as the one before.
 * @param {number} step
 * @param {number[]} ends
 */
export function toEpoch(step, ends) {
  if (!ends.length) return step;
  const found = ends.findIndex((end) => end >= step);
  const epoch = found >= 0 ? found : ends.length - 1;
  return epoch + (step - startOf(epoch, ends)) / lengthOf(epoch, ends);
}

/**
 * The step at which so many epochs were done: the inverse of `toEpoch`.
 * @param {number} done
 * @param {number[]} ends
 */
export function toStep(done, ends) {
  if (!ends.length) return done;
  const epoch = Math.min(Math.max(Math.ceil(done) - 1, 0), ends.length - 1);
  return startOf(epoch, ends) + (done - epoch) * lengthOf(epoch, ends);
}

/**
 * Where a step lies: the epoch counted from 1, as Keras prints it, and the batch from 0, as it is
 * found in the data.
 * @param {number} step
 * @param {number[]} ends
 * @returns {{epoch: number, batch: number} | null} null when the epochs are not known
 */
export function placeOf(step, ends) {
  if (!ends.length) return null;
  const found = ends.findIndex((end) => end >= step);
  const epoch = found >= 0 ? found : ends.length;
  return { epoch: epoch + 1, batch: step - startOf(epoch, ends) - 1 };
}

/**
 * The ends to draw as dotted lines, thinned so that at most `most` remain.
 * @param {number[]} ends
 * @param {[number, number]} range in steps
 * @param {number} most
 */
export function boundaries(ends, range, most) {
  const seen = ends
    .map((step, epoch) => ({ step, epoch: epoch + 1 }))
    .filter(({ step }) => step > range[0] && step <= range[1]);
  const every = Math.ceil(seen.length / most);
  return every <= 1 ? seen : seen.filter(({ epoch }) => epoch % every === 0);
}

/**
 * @param {number} epoch
 * @param {number[]} ends
 */
function startOf(epoch, ends) {
  return epoch > 0 ? ends[epoch - 1] : -1;
}

/**
 * @param {number} epoch
 * @param {number[]} ends
 */
function lengthOf(epoch, ends) {
  return Math.max(ends[epoch] - startOf(epoch, ends), 1);
}
