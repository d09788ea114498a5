/**
 * Where the curves of several runs lie on one axis. Pure.
 * @module
 */

import { noClock } from "../charts/axis.js";
import { place } from "../charts/place.js";
import { defaultView } from "../run/address.js";

/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("./address.js").Alignment} Alignment */

/**
 * @typedef {object} Compared a run with its loss
 * @property {import("../types").Run} run
 * @property {string} label its name, unlike the others'
 * @property {string} series the loss: by batch, or by epoch where it has no other
 * @property {import("../types").Buckets} loss
 * @property {number[]} ends last step of each epoch
 * @property {number | null} failedAt step of the first loss that is not finite
 */

/**
 * A run's loss on the shared axis; null where it has no place there.
 * @param {Compared} compared
 * @param {Alignment} align
 * @param {boolean} log
 * @returns {Placed | null}
 */
export function aligned({ label, series, loss, ends, failedAt }, align, log) {
  if (align === "divergence" && failedAt === null) return null;
  if (align === "epoch" && !ends.length) return null;
  /** @type {import("../types").View} */
  const view = { ...defaultView(), x: align === "epoch" ? "epoch" : "step" };
  const placed = place({ series, role: "part", label }, loss, view, { ends, clock: noClock() }, log);
  return align === "divergence" ? shifted(placed, -Number(failedAt)) : placed;
}

/**
 * @param {Placed} placed
 * @param {number} by
 * @returns {Placed}
 */
function shifted(placed, by) {
  const marks = placed.marks.map((mark) => ({ ...mark, x: mark.x + by }));
  return { ...placed, x: placed.x.map((x) => x + by), marks };
}
