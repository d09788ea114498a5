/**
 * Numbers, times and durations for people. Pure.
 * @module
 */

const INTEGER = new Intl.NumberFormat("en");
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = /** @type {const} */ ([
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
]);
const MISSING = "–";

/**
 * A number as JSON carries it: non-finite ones come as words.
 * @param {import("./types").Num | null | undefined} value
 * @returns {number | null} null when there is none
 */
export function num(value) {
  return value === null || value === undefined ? null : Number(value);
}

/**
 * A measured value with `digits` significant digits: 0.4127, 1,822, 6e-8, NaN, +Inf.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function number(value, digits = 4) {
  if (value === null || value === undefined) return MISSING;
  if (!Number.isFinite(value)) return nonFinite(value);
  return value < 0 ? `−${size(-value, digits)}` : size(value, digits);
}

/**
 * A count or a step: 7,412.
 * @param {number | null | undefined} value
 */
export function integer(value) {
  return value === null || value === undefined ? MISSING : INTEGER.format(value);
}

/**
 * How long something took: "48 min 12 s".
 * @param {number} seconds
 */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/**
 * How long ago: "3 minutes ago".
 * @param {string | number | Date} when
 * @param {number} now milliseconds since 1970
 */
export function ago(when, now) {
  const seconds = (new Date(when).getTime() - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

/**
 * Date and time to the second, in the viewer's time zone.
 * @param {string | number | Date} when
 */
export function exact(when) {
  return EXACT.format(new Date(when));
}

/**
 * The time of day, 14:32:08.
 * @param {string | number | Date} when
 */
export function clock(when) {
  return CLOCK.format(new Date(when));
}

/**
 * A size: "640 bytes", "12.4 MiB".
 * @param {number} count
 */
export function bytes(count) {
  const power = count < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power && value < 100 ? value.toFixed(1) : Math.round(value)} ${["bytes", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

/**
 * A share between 0 and 1 as "93%".
 * @param {number} share
 */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/**
 * Any plain value of a configuration as one line of text.
 * @param {unknown} value
 * @returns {string}
 */
export function plain(value) {
  if (value === null || value === undefined) return MISSING;
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) < 1e15 ? integer(value) : number(value, 6);
  if (Array.isArray(value))
    return value.every(isScalar) ? value.map(plain).join(", ") : JSON.stringify(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param {unknown} value */
function isScalar(value) {
  return typeof value !== "object" || value === null;
}

/**
 * @param {number} value not negative
 * @param {number} digits
 */
function size(value, digits) {
  if (value !== 0 && (value < 1e-3 || value >= 1e6)) return exponent(value, digits);
  if (value >= 1000) return INTEGER.format(Number(value.toPrecision(Math.max(digits, 4))));
  return String(Number(value.toPrecision(digits)));
}

/** @param {number} value */
function nonFinite(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "−Inf";
}

/**
 * @param {number} value
 * @param {number} digits
 */
function exponent(value, digits) {
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  return `${Number(mantissa)}e${Number(power)}`;
}
