/**
 * The new end of a line: what came since it was drawn. Pure.
 * @module
 */

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").Placed} Placed */

/**
 * The last buckets of a series, from the last one that was drawn on: few, so that placing them is cheap.
 * @param {Buckets} buckets
 * @param {number} drawnTo the last step that was drawn
 * @returns {Buckets}
 */
export function newest({ from, to, min, max, mean, n, nonfinite }, drawnTo) {
  const first = Math.max(0, firstAfter(to, drawnTo) - 1);
  return {
    from: from.slice(first),
    to: to.slice(first),
    min: min.slice(first),
    max: max.slice(first),
    mean: mean.slice(first),
    n: n.slice(first),
    nonfinite: nonfinite.filter(({ step }) => step >= from[first]),
  };
}

/**
 * From the last point that was drawn on; null when nothing came.
 * @param {Placed} placed
 * @param {number} drawnTo the last step that was drawn
 * @returns {Placed | null}
 */
export function tailOf(placed, drawnTo) {
  const first = firstAfter(placed.to, drawnTo);
  if (first === placed.to.length) return null;
  const from = Math.max(0, first - 1);
  const rest = (/** @type {any[]} */ column) => column.slice(from);
  const { line, marks, x, y, min, max, n, from: begin, to } = placed;
  const news = marks.filter((mark) => mark.step > drawnTo);
  return {
    line,
    marks: news,
    x: rest(x),
    y: rest(y),
    min: rest(min),
    max: rest(max),
    n: rest(n),
    from: rest(begin),
    to: rest(to),
  };
}

/**
 * @param {number[]} to ascending
 * @param {number} drawnTo
 */
function firstAfter(to, drawnTo) {
  let first = to.length;
  while (first > 0 && to[first - 1] > drawnTo) first -= 1;
  return first;
}
