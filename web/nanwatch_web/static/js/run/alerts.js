/**
 * What happened to the run, newest first.
 * @module
 */

import { el, fill } from "../dom.js";
import { clock, exact, integer } from "../format.js";
import { stateWord, symptomBadge, UNKNOWN, whyWords } from "../words.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("../types").Diagnosis} Diagnosis */
/** @typedef {import("../types").Run} Run */
/** @typedef {{when: string, kind: string, title: string, more: string}} Moment */

/**
 * @param {HTMLElement} section
 * @param {Run} run
 * @param {Alert[]} alerts of this run
 * @param {Diagnosis[]} diagnoses that they tell of
 */
export function showAlerts(section, run, alerts, diagnoses) {
  const items = moments(run, alerts, diagnoses).map(({ when, kind, title, more }) =>
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
 * @param {Diagnosis[]} diagnoses
 * @returns {Moment[]}
 */
function moments(run, alerts, diagnoses) {
  const started = { when: run.started_at, kind: "ok", title: "Run started", more: run.project };
  const ended = run.ended_at
    ? [
        {
          when: run.ended_at,
          kind: run.state === "failed" ? "critical" : "ok",
          title: stateWord(run.state),
          more: whyWords(run),
        },
      ]
    : [];
  const story = [started, ...alerts.map((alert) => momentOf(alert, diagnoses)), ...ended];
  return story
    .map((moment, i) => ({ moment, i }))
    .sort((a, b) => b.moment.when.localeCompare(a.moment.when) || b.i - a.i)
    .map(({ moment }) => moment);
}

/**
 * @param {Alert} alert
 * @param {Diagnosis[]} diagnoses
 * @returns {Moment}
 */
function momentOf(alert, diagnoses) {
  const fault = diagnoses.find(({ id }) => id === alert.id)?.fault ?? alert.fault;
  const step = alert.first_step === null ? "" : `step ${integer(alert.first_step)}`;
  const cause = alert.label === UNKNOWN ? "" : alert.label;
  return {
    when: alert.opened_at,
    kind: alert.severity,
    title: symptomBadge(alert.symptom, fault),
    more: [step, cause].filter(Boolean).join(", "),
  };
}
