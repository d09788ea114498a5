/**
 * What happened to the run, newest first.
 * @module
 */

import { el, fill } from "../dom.js";
import { clock, exact, integer } from "../format.js";
import { stateWord, symptomBadge, unlabel } from "../words.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("../types").Run} Run */
/** @typedef {{when: string, kind: string, title: string, more: string}} Moment */

/**
 * @param {HTMLElement} section
 * @param {Run} run
 * @param {Alert[]} alerts of this run
 */
export function showAlerts(section, run, alerts) {
  const items = moments(run, alerts).map(({ when, kind, title, more }) =>
    el(
      "li",
      { class: kind },
      el("time", { datetime: when, title: exact(when) }, clock(when)),
      el("div", {}, el("b", {}, title), el("span", {}, more)),
    ),
  );
  fill(
    section,
    el(
      "div",
      { class: "cardhead" },
      el("h2", { id: "alerts-title" }, "Alerts"),
      el("span", { class: "sub" }, "this run"),
    ),
    el("ol", { class: "timeline" }, ...items),
  );
}

/**
 * The run's story, newest first.
 * @param {Run} run
 * @param {Alert[]} alerts
 * @returns {Moment[]}
 */
function moments(run, alerts) {
  const started = { when: run.started_at, kind: "ok", title: "Run started", more: run.project };
  const ended = run.ended_at
    ? [
        {
          when: run.ended_at,
          kind: run.state === "failed" ? "critical" : "ok",
          title: stateWord(run.state),
          more: reasonWords(run.reason),
        },
      ]
    : [];
  const story = [started, ...alerts.map(momentOf), ...ended];
  return story
    .map((moment, i) => ({ moment, i }))
    .sort((a, b) => b.moment.when.localeCompare(a.moment.when) || b.i - a.i)
    .map(({ moment }) => moment);
}

/**
 * A reason of the callback's own, such as stopped_on_nan, in words; another's as it stands.
 * @param {string} reason
 */
function reasonWords(reason) {
  return /^[a-z_]+$/.test(reason) ? unlabel(reason) : reason;
}

/**
 * @param {Alert} alert
 * @returns {Moment}
 */
function momentOf(alert) {
  const step = alert.first_step === null ? "" : `step ${integer(alert.first_step)}, `;
  return {
    when: alert.opened_at,
    kind: alert.severity,
    title: symptomBadge(alert.symptom),
    more: `${step}${alert.label}`,
  };
}
