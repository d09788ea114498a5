/**
 * What people did about a diagnosis: its state, and whether they found it right. Its parts change in
 * place, so that the card itself stays.
 * @module
 */

import { act, actionButtons, judge } from "../alerts/actions.js";
import { muteWords, placeOf, standingWord } from "../alerts/words.js";
import { wordsOf } from "../api.js";
import { copyButton } from "../copy.js";
import { el, fill } from "../dom.js";
import { exact } from "../format.js";
import { healthPill } from "../pills.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("../types").Diagnosis} Diagnosis */

/** The head and the foot of a card. */
export class CardState {
  /**
   * @param {Diagnosis} diagnosis
   * @param {(alert: Alert) => void} onAlert
   */
  constructor(diagnosis, onAlert) {
    this.onAlert = onAlert;
    this.print = "";
    /** @type {Alert | null} */
    this.alert = null;
    this.pills = el("span", { class: "pills" });
    this.buttons = el("div", { class: "acts", role: "group", "aria-label": "State of the alert" });
    this.head = el("div", { class: "dhead" }, this.pills, this.buttons);
    this.verdict = el("div", { class: "verdict", role: "group", "aria-label": "Was this right?" });
    this.problem = el("p", { class: "problem", role: "alert" });
    const grow = el("div", { class: "grow" });
    this.foot = el("div", { class: "dfoot", hidden: true }, this.verdict, grow, this.link(), this.problem);
    fill(this.pills, healthPill(diagnosis.severity, null));
  }

  /** @param {Alert | null} alert null where nobody is told, as of what is only foreseen */
  show(alert) {
    const print = JSON.stringify(alert && [alert.state, alert.muted, alert.muted_until, alert.verdict]);
    if (!alert || print === this.print) return;
    Object.assign(this, { print, alert });
    this.foot.hidden = false;
    fill(this.pills, healthPill(alert.severity, null), ...statePills(alert));
    this.showButtons(alert);
    this.showVerdict(alert);
    this.problem.textContent = "";
  }

  /** @param {Alert} alert */
  showButtons(alert) {
    const hadFocus = this.buttons.contains(document.activeElement);
    fill(this.buttons, ...actionButtons(alert, (chosen) => void this.change(act(alert.id, chosen))));
    if (hadFocus) this.buttons.querySelector("button")?.focus();
  }

  /** @param {Alert} alert */
  showVerdict(alert) {
    const had = [...this.verdict.children].findIndex((each) => each === document.activeElement);
    fill(
      this.verdict,
      el("span", {}, "Was this right?"),
      this.answer("Yes", true, alert),
      this.answer("No", false, alert),
    );
    /** @type {HTMLElement | undefined} */ (this.verdict.children[had])?.focus();
  }

  /** A button that copies the way to this card. */
  link() {
    const copy = el("button", { type: "button", class: "plain" }, "Copy link");
    copyButton(copy, () => (this.alert ? new URL(placeOf(this.alert), location.origin).href : location.href));
    return copy;
  }

  /**
   * @param {string} words
   * @param {boolean} right
   * @param {Alert} alert
   */
  answer(words, right, { id, verdict }) {
    const given = verdict === right;
    const say = () => void this.change(judge(id, given ? null : right));
    return el("button", { type: "button", "aria-pressed": String(given), onclick: say }, words);
  }

  /** @param {Promise<Alert>} answer */
  async change(answer) {
    try {
      this.onAlert(await answer);
    } catch (error) {
      this.problem.textContent = wordsOf(error);
    }
  }
}

/** @param {Alert} alert */
function statePills(alert) {
  const when = alert.state === "resolved" ? alert.resolved_at : alert.acknowledged_at;
  const state = { class: "pill quiet", title: when && exact(when) };
  return [
    alert.state !== "open" && el("span", state, standingWord(alert.state)),
    alert.muted && el("span", { class: "pill quiet", title: muteWords(alert) }, "Muted"),
  ];
}
