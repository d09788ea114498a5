/**
 * Which alerts a desktop notification is worth, and what it says. Pure.
 * @module
 */

import { integer } from "../format.js";
import { placeOf, stepWords } from "../alerts/words.js";
import { symptomBadge } from "../words.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {{title: string, body: string, tag: string, href: string}} Note */

/** More at once are told in one. */
export const MOST_APART = 3;

/**
 * Whether nobody was told of an alert that somebody should know of at once.
 * @param {Alert} alert
 * @param {ReadonlySet<string>} told ids
 * @param {string} since ISO 8601: what was opened before is no news
 */
export function isNews({ id, severity, state, muted, opened_at: at }, told, since) {
  const isGrave = severity === "critical" && state === "open" && !muted;
  return isGrave && Date.parse(at) >= Date.parse(since) && !told.has(String(id));
}

/**
 * A note for each alert, or one for all of them when they are many.
 * @param {Alert[]} alerts
 * @returns {Note[]}
 */
export function notesOf(alerts) {
  return alerts.length > MOST_APART ? [noteOfMany(alerts)] : alerts.map(noteOf);
}

/**
 * @param {Alert} alert
 * @returns {Note}
 */
function noteOf(alert) {
  const where = [alert.project, stepWords(alert)].filter(Boolean).join(", ");
  return {
    title: `${symptomBadge(alert.symptom, alert.fault)}: ${alert.run_name}`,
    body: alert.summary ? `${where}\n${alert.summary}` : where,
    tag: `nanwatch-${alert.id}`,
    href: placeOf(alert),
  };
}

/**
 * @param {Alert[]} alerts
 * @returns {Note}
 */
function noteOfMany(alerts) {
  const names = [...new Set(alerts.map((alert) => alert.run_name))];
  return {
    title: `${integer(alerts.length)} critical alerts`,
    body: `${names.slice(0, MOST_APART).join(", ")}${names.length > MOST_APART ? " and others" : ""}`,
    tag: "nanwatch-many",
    href: "/alerts?severity=critical",
  };
}
