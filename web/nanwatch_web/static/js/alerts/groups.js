/**
 * Alerts by incident, and those that tell the same of many runs in one. Pure.
 * @module
 */

/** @typedef {import("../types").Alert} Alert */

/**
 * @typedef {object} Group
 * @property {string} key
 * @property {Alert[]} alerts newest first
 */

/** So many alerts of one symptom in one project stand apart; more are one line. */
export const MOST_APART = 3;

/**
 * Newest first. A group stands where its newest alert would.
 * @param {Alert[]} alerts
 * @returns {Group[]}
 */
export function grouped(alerts) {
  /** @type {Map<string, Alert[]>} */
  const alike = new Map();
  const newest = [...alerts].sort(newestFirst);
  for (const alert of newest) {
    const known = alike.get(keyOf(alert));
    if (known) known.push(alert);
    else alike.set(keyOf(alert), [alert]);
  }
  const isMany = (/** @type {Alert} */ alert) => (alike.get(keyOf(alert))?.length ?? 0) > MOST_APART;
  const groups = newest.map((alert) => {
    const key = isMany(alert) ? keyOf(alert) : String(alert.id);
    return { key, alerts: isMany(alert) ? (alike.get(key) ?? []) : [alert] };
  });
  return groups.filter(({ alerts: [first] }, i) => first === newest[i]);
}

/**
 * "12 alerts", "the 500 newest alerts".
 * @param {number} n
 * @param {boolean} more whether the server has further ones
 */
export function countWords(n, more) {
  return `${more ? "the " : ""}${n}${more ? " newest" : ""} ${n === 1 ? "alert" : "alerts"}`;
}

/**
 * What was not finite, where it was the same in all of them.
 * @param {Alert[]} alerts
 */
export function faultOf([first, ...others]) {
  return others.every(({ fault }) => fault === first.fault) ? first.fault : null;
}

/** @param {Alert} alert */
function keyOf({ project, symptom }) {
  return JSON.stringify([project, symptom]);
}

/**
 * @param {Alert} a
 * @param {Alert} b
 */
function newestFirst(a, b) {
  return b.opened_at.localeCompare(a.opened_at) || Number(b.id) - Number(a.id);
}
