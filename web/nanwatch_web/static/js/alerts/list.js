/**
 * The list of the inbox: alerts one by one, and those that are alike folded together.
 * @module
 */

import { arrange, el, fill, refresh } from "../dom.js";
import { ago, exact, integer } from "../format.js";
import { healthPill } from "../pills.js";
import { actionsFor, muteMenu, MUTES, TIMED_MUTES } from "./actions.js";
import { faultOf } from "./groups.js";
import { AlertRow } from "./row.js";
import { muteWords } from "./words.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("./groups.js").Group} Group */
/** @typedef {import("./row.js").Host} RowHost */
/** @typedef {import("./actions.js").Action} Action */

/**
 * @typedef {object} FoldHost
 * @property {(alerts: Alert[], action: Action) => unknown} chooseAll
 * @property {(alerts: Alert[], mute: Action) => unknown} muteAll
 */
/** @typedef {RowHost & FoldHost} Host */

/** Rows and folds, kept between updates. */
export class AlertList {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<Alert["id"], AlertRow>} */
    this.rows = new Map();
    /** @type {Map<string, Fold>} */
    this.folds = new Map();
    this.element = el("ol", { class: "inbox", "aria-label": "Alerts, newest first" });
  }

  /**
   * @param {Group[]} groups
   * @param {number} now milliseconds since 1970
   */
  show(groups, now) {
    arrange(
      this.element,
      groups.map((group) => (group.alerts.length === 1 ? this.row(group.alerts[0], now) : this.fold(group, now))),
    );
  }

  /**
   * @param {Alert} alert
   * @param {number} now
   */
  row(alert, now) {
    const row = this.rows.get(alert.id) ?? new AlertRow(alert.id, this.host);
    this.rows.set(alert.id, row);
    row.show(alert, now);
    return row.element;
  }

  /**
   * @param {Group} group
   * @param {number} now
   */
  fold(group, now) {
    const fold = this.folds.get(group.key) ?? new Fold(this);
    this.folds.set(group.key, fold);
    fold.show(group.alerts, now);
    return fold.element;
  }
}

/** Alerts of one symptom in one project. Its rows are made when it is opened. */
class Fold {
  /** @param {AlertList} list */
  constructor(list) {
    this.list = list;
    /** @type {Alert[]} */
    this.alerts = [];
    this.words = el("summary");
    this.inner = el("ol", { class: "inbox" });
    this.details = el("details", {}, this.words, this.inner);
    this.buttons = el("div", { class: "acts", role: "group" });
    this.element = el("li", { class: "fold" }, this.buttons, this.details);
    this.details.addEventListener("toggle", () => this.showRows(Date.now()));
  }

  /**
   * @param {Alert[]} alerts newest first
   * @param {number} now
   */
  show(alerts, now) {
    this.alerts = alerts;
    const [{ symptom, severity, project, opened_at: at }] = alerts;
    const runs = integer(new Set(alerts.map((alert) => alert.run_id)).size);
    const when = el("time", { datetime: at, title: exact(at) }, ago(at, now));
    const quiet = alerts.every(({ muted }) => muted) ? muteWords(alerts[0]) : "";
    refresh(this.words, [
      healthPill(severity, symptom, faultOf(alerts)),
      ...(quiet ? [el("span", { class: "pill quiet" }, quiet)] : []),
      el("b", {}, `${runs} runs`),
      el("span", { class: "about" }, el("bdi", {}, project), " · latest ", when),
    ]);
    this.showButtons(`${project}, ${runs} runs`);
    this.showRows(now);
  }

  /** @param {string} whose */
  showButtons(whose) {
    const [first] = this.alerts;
    const same = this.alerts.every(({ state }) => state === first.state);
    const muted = this.alerts.every((alert) => alert.muted);
    const actions = same ? actionsFor({ state: first.state, muted }) : [];
    const print = `${same && first.state} ${muted}`;
    if (this.buttons.dataset.print === print) return;
    this.buttons.dataset.print = print;
    this.buttons.setAttribute("aria-label", whose);
    const buttons = actions.map((each) =>
      el(
        "button",
        { type: "button", onclick: () => this.list.host.chooseAll(this.alerts, each) },
        `${each.words} all`,
      ),
    );
    const isOver = same && first.state === "resolved";
    fill(this.buttons, ...buttons, !isOver && !muted && muteMenu(MUTES, (chosen) => this.mute(chosen)));
  }

  /**
   * Each of them until it gets worse; for a time, also those alike that are yet to come.
   * @param {Action} chosen
   */
  mute(chosen) {
    const { host } = this.list;
    return TIMED_MUTES.includes(chosen) ? host.muteAll(this.alerts, chosen) : host.chooseAll(this.alerts, chosen);
  }

  /** @param {number} now */
  showRows(now) {
    if (this.details.open) arrange(this.inner, this.alerts.map((alert) => this.list.row(alert, now)));
  }
}
