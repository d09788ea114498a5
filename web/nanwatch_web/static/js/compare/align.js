/**
 * Where the curves of several runs lie on one axis. Pure.
 * @module
 */

import { back, countable, unitOf } from "../charts/axis.js";
import { place } from "../charts/place.js";
import { defaultView } from "../run/address.js";

/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("./address.js").Alignment} Alignment */
/** @typedef {[number, string]} Unit seconds, and its name */

/**
 * @typedef {object} Compared a run with its loss
 * @property {import("../types").Run} run
 * @property {string} label its name, unlike the others'
 * @property {string} series the loss: by batch, or by epoch where it has no other
 * @property {import("../types").Buckets} loss
 * @property {number[]} ends last step of each epoch
 * @property {import("../types").Clock} clock when steps were
 * @property {number | null} failedAt step of the first loss that is not finite
 */

/** @type {Record<Alignment, import("../types").Across>} */
const AXES = { step: "step", epoch: "epoch", time: "relative", divergence: "step" };

/**
 * A run's loss on the shared axis; null where it has no place there.
 * @param {Compared} compared
 * @param {Alignment} align
 * @param {boolean} log
 * @param {Unit} [unit] in which time is counted
 * @returns {Placed | null}
 */
export function aligned(compared, align, log, unit = [1, "s"]) {
  if (!hasPlace(compared, align)) return null;
  const { label, series, loss } = compared;
  const view = { ...defaultView(), x: AXES[align] };
  return moved(place({ series, role: "part", label }, loss, view, compared, log), movement(compared, align, unit));
}

/**
 * The unit in which the longest of the runs is told.
 * @param {Compared[]} all
 * @returns {Unit}
 */
export function commonUnit(all) {
  const units = all.filter((each) => hasPlace(each, "time")).map(({ clock }) => unitOf(clock));
  return units.reduce((most, unit) => (unit[0] > most[0] ? unit : most), [1, "s"]);
}

/**
 * The steps of a run between two places on the shared axis; null where it has none there.
 * @param {Compared} compared
 * @param {Alignment} align
 * @param {[number, number]} range
 * @param {Unit} unit
 * @returns {[number, number] | null}
 */
export function stepsOf(compared, align, range, unit) {
  if (!hasPlace(compared, align)) return null;
  const { factor, shift } = movement(compared, align, unit);
  const toStep = back(AXES[align], compared);
  const [from, to] = range.map((x) => toStep((x - shift) / factor));
  return [Math.max(0, Math.floor(from)), Math.max(0, Math.ceil(to))];
}

/**
 * Whether a run can be shown on the shared axis.
 * @param {Compared} compared
 * @param {Alignment} align
 */
export function hasPlace(compared, align) {
  if (align === "divergence") return compared.failedAt !== null;
  return countable(AXES[align], compared) === AXES[align];
}

/**
 * From a run's own axis to the shared one.
 * @param {Compared} compared
 * @param {Alignment} align
 * @param {Unit} unit
 */
function movement({ failedAt, clock }, align, [size]) {
  return {
    factor: align === "time" ? unitOf(clock)[0] / size : 1,
    shift: align === "divergence" ? -Number(failedAt) : 0,
  };
}

/**
 * @param {Placed} placed
 * @param {{factor: number, shift: number}} by
 * @returns {Placed}
 */
function moved(placed, { factor, shift }) {
  const to = (/** @type {number} */ x) => x * factor + shift;
  return { ...placed, x: placed.x.map(to), marks: placed.marks.map((mark) => ({ ...mark, x: to(mark.x) })) };
}
