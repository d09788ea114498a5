/**
 * Curves as CSV, one point or one bucket a row: the points as `nanwatch export` writes them. Pure.
 * @module
 */

/** @typedef {import("../types").Num} Num */

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const SPECIAL = /[",\r\n]/;

/**
 * The exact points of some series; of several runs, with the run before each.
 * @param {{run?: string, name: string, steps: number[], values: Num[]}[]} series
 */
export function pointsCsv(series) {
  const rows = series.flatMap(({ run, name, steps, values }) =>
    steps.map((step, i) => [...whose(run), text(name), step, values[i]]),
  );
  return table([...headOf(series), "series", "step", "value"], rows);
}

/**
 * Series as the server condenses them.
 * @param {{run?: string, name: string, overview: any}[]} series answers of the overview route
 */
export function bucketsCsv(series) {
  const rows = series.flatMap(({ run, name, overview: { from, to, n, n_nonfinite, min, mean, max } }) =>
    from.map((/** @type {number} */ first, /** @type {number} */ i) =>
      [...whose(run), text(name), first, to[i], n[i], n_nonfinite[i], min[i], mean[i], max[i]],
    ),
  );
  const heads = ["series", "first_step", "last_step", "points", "nonfinite", "min", "mean", "max"];
  return table([...headOf(series), ...heads], rows);
}

/**
 * A text that no spreadsheet takes for a formula, as a field.
 * @param {string} name
 */
export function text(name) {
  const harmless = FORMULA.test(name) ? `'${name}` : name;
  return SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** @param {{run?: string}[]} series */
function headOf(series) {
  return series.some(({ run }) => run !== undefined) ? ["run"] : [];
}

/** @param {string | undefined} run */
function whose(run) {
  return run === undefined ? [] : [text(run)];
}

/**
 * @param {string[]} heads
 * @param {(string | number | null)[][]} rows
 */
function table(heads, rows) {
  return [heads, ...rows].map((row) => `${row.map((value) => value ?? "").join(",")}\n`).join("");
}
