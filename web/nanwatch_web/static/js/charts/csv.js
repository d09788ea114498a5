/**
 * Curves as CSV, one point or one bucket a row: the points as `nanwatch export` writes them. Pure.
 * @module
 */

/** @typedef {import("../types").Num} Num */

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const SPECIAL = /[",\r\n]/;

/**
 * The exact points of some series.
 * @param {{name: string, steps: number[], values: Num[]}[]} series
 */
export function pointsCsv(series) {
  const rows = series.flatMap(({ name, steps, values }) =>
    steps.map((step, i) => [text(name), step, values[i]]),
  );
  return table(["series", "step", "value"], rows);
}

/**
 * Series as the server condenses them.
 * @param {{name: string, overview: any}[]} series answers of the overview route
 */
export function bucketsCsv(series) {
  const rows = series.flatMap(({ name, overview: { from, to, n, n_nonfinite, min, mean, max } }) =>
    from.map((/** @type {number} */ first, /** @type {number} */ i) =>
      [text(name), first, to[i], n[i], n_nonfinite[i], min[i], mean[i], max[i]],
    ),
  );
  return table(["series", "first_step", "last_step", "points", "nonfinite", "min", "mean", "max"], rows);
}

/**
 * A text that no spreadsheet takes for a formula, as a field.
 * @param {string} name
 */
export function text(name) {
  const harmless = FORMULA.test(name) ? `'${name}` : name;
  return SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * @param {string[]} heads
 * @param {(string | number | null)[][]} rows
 */
function table(heads, rows) {
  return [heads, ...rows].map((row) => `${row.map((value) => value ?? "").join(",")}\n`).join("");
}
