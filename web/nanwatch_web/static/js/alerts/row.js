/**
 * One alert as a line of the inbox. It is made once and changed in place, so that focus and what was
 * opened survive live updates.
 * @module
 */

import { el, fill } from "../dom.js";
import { ago, exact } from "../format.js";
import { healthPill } from "../pills.js";
import { symptomBadge, UNKNOWN, unlabel, withoutCause } from "../words.js";
import { actionButtons } from "./actions.js";
import { DeliveryLog } from "./log.js";
import { muteWords, placeOf, sinceWords, stepWords } from "./words.js";

/** @typedef {import("../types").Alert} Alert */

/**
 * @typedef {object} Host what a row asks of its page
 * @property {(alert: Alert, action: import("./actions.js").Action) => unknown} choose
 * @property {(label: string) => string | null} titleOf a cause's title in the catalogue
 */

const MINUTE_MS = 60_000;

/** A line of the inbox. */
export class AlertRow {
  /**
   * @param {Alert["id"]} id
   * @param {Host} host
   */
  constructor(id, host) {
    this.host = host;
    this.print = "";
    this.link = el("a", { class: "where" });
    this.pills = el("span", { class: "pills" });
    this.about = el("p", { class: "about" });
    this.why = el("p", { class: "why" });
    this.buttons = el("div", { class: "acts" });
    this.log = new DeliveryLog(id);
    const head = el("div", { class: "first" }, this.pills, this.link);
    const more = el("div", { class: "tail" }, this.about, this.log.element);
    const words = el("div", { class: "what" }, head, this.why, more);
    this.element = el("li", { class: "alert", tabindex: -1, "data-id": id }, words, this.buttons);
  }

  /**
   * @param {Alert} alert
   * @param {number} now milliseconds since 1970
   */
  show(alert, now) {
    this.alert = alert;
    const title = this.host.titleOf(alert.label);
    const minutes = Math.round((now - Date.parse(alert.opened_at)) / MINUTE_MS);
    const print = JSON.stringify([alert, title, minutes]);
    if (print === this.print) return;
    this.print = print;
    this.element.className = `alert ${alert.state}${alert.muted ? " muted" : ""}`;
    this.showWords(alert, title, now);
    this.showButtons(alert);
    this.log.show(alert);
  }

  /**
   * @param {Alert} alert
   * @param {string | null} title
   * @param {number} now
   */
  showWords(alert, title, now) {
    const mute = muteWords(alert);
    this.link.href = placeOf(alert);
    fill(this.link, el("bdi", {}, alert.run_name), " ", el("small", {}, stepWords(alert)));
    const told = [mute && el("span", { class: "pill quiet" }, mute)];
    fill(this.pills, healthPill(alert.severity, alert.symptom, alert.fault), ...told);
    fill(this.why, ...causeWords(alert, title));
    const when = { datetime: alert.opened_at, title: exact(alert.opened_at) };
    const since = alert.state === "open" ? "" : ` · ${sinceWords(alert, now)}`;
    fill(this.about, el("bdi", {}, alert.project), " · ", el("time", when, ago(alert.opened_at, now)), since);
  }

  /**
   * The buttons change with the state alone: a menu that is open stays.
   * @param {Alert} alert
   */
  showButtons(alert) {
    const print = `${alert.state} ${alert.muted}`;
    if (this.buttons.dataset.print === print) return;
    this.buttons.dataset.print = print;
    const had = this.buttons.contains(document.activeElement);
    fill(this.buttons, ...actionButtons(alert, (action) => this.host.choose(this.alert ?? alert, action)));
    this.buttons.setAttribute("role", "group");
    this.buttons.setAttribute("aria-label", `${symptomBadge(alert.symptom, alert.fault)} of ${alert.run_name}`);
    if (had) this.element.focus();
  }
}

/**
 * @param {Alert} alert
 * @param {string | null} title of its cause
 */
function causeWords({ label, summary, symptom }, title) {
  if (label === "" || label === UNKNOWN) return [withoutCause(symptom)];
  return [el("b", {}, title ?? unlabel(label)), summary && `: ${summary}`];
}
