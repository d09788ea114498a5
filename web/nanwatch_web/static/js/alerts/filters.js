/**
 * The filters of the inbox.
 * @module
 */

import { el, fill } from "../dom.js";
import { healthWord } from "../words.js";
import { SEVERITIES, STANDINGS } from "./question.js";
import { standingWord } from "./words.js";

/** @typedef {import("./question.js").Question} Question */

/** State, severity, project, and the one run that a link asked for. */
export class Filters {
  /**
   * @param {HTMLElement} slot
   * @param {Question} question changed in place
   * @param {() => void} onChange
   */
  constructor(slot, question, onChange) {
    this.question = question;
    this.onChange = onChange;
    /** @type {Set<string>} */
    this.projects = new Set();
    this.states = el("div", { class: "seg", role: "group", "aria-label": "State" });
    this.severity = el("select", { "aria-label": "Severity" });
    this.project = el("select", { "aria-label": "Project" });
    this.run = el("span", {});
    for (const name of /** @type {const} */ (["severity", "project"]))
      this[name].addEventListener("change", () => this.choose({ [name]: this[name].value }));
    fill(slot, this.states, this.severity, this.project, this.run);
    this.show();
    this.know([]);
  }

  /** @param {Partial<Question>} chosen */
  choose(chosen) {
    Object.assign(this.question, chosen);
    this.show();
    this.onChange();
  }

  /**
   * Offer these projects too.
   * @param {string[]} projects
   */
  know(projects) {
    const before = this.projects.size;
    for (const each of [...projects, this.question.project]) if (each) this.projects.add(each);
    if (this.projects.size > before) this.show();
  }

  show() {
    const { state, severity, project, run } = this.question;
    const words = (/** @type {string} */ each) =>
      each === "all" ? "All" : standingWord(/** @type {any} */ (each));
    const buttons = STANDINGS.map((each) => this.stateButton(each, words(each), state));
    if (this.states.children.length !== buttons.length) fill(this.states, ...buttons);
    else STANDINGS.forEach((each, i) => press(this.states.children[i], each === state));
    fill(this.severity, ...options(SEVERITIES, severity, "Any severity", healthWord));
    fill(this.project, ...options([...this.projects].sort(), project, "All projects", String));
    const all = () => this.choose({ run: "" });
    fill(this.run, run && el("button", { type: "button", onclick: all }, "Only one run ×"));
  }

  /**
   * @param {import("./question.js").Standing} each
   * @param {string} words
   * @param {string} chosen
   */
  stateButton(each, words, chosen) {
    const button = el("button", { type: "button", onclick: () => this.choose({ state: each }) }, words);
    press(button, each === chosen);
    return button;
  }
}

/**
 * @param {Element} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

/**
 * @param {string[]} values
 * @param {string} chosen
 * @param {string} none
 * @param {(value: string) => string} words
 */
function options(values, chosen, none, words) {
  return [
    el("option", { value: "" }, none),
    ...values.map((each) => el("option", { value: each, selected: each === chosen }, words(each))),
  ];
}
