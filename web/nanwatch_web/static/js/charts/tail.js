/**
 * The new end of a line: what came since it was drawn. Pure.
 * @module
 */

/** @typedef {import("../types").Placed} Placed */

/**
 * From the last point that was drawn on; null when nothing came.
 * @param {Placed} placed
 * @param {number} drawnTo the last step that was drawn
 * @returns {Placed | null}
 */
export function tailOf(placed, drawnTo) {
  let first = placed.to.length;
  while (first > 0 && placed.to[first - 1] > drawnTo) first -= 1;
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
