/**
 * What narrows the list: a few usual choices, words, and a choice each for state, health, project, tag.
 * @module
 */

import { el, fill } from "../dom.js";
import { healthWord, stateWord } from "../words.js";
import { FILTERS } from "./question.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("./question.js").Question} Question */

/** @type {[import("./question.js").Scope, string][]} */
const SCOPES = [
  ["all", "All"],
  ["running", "Running"],
  ["trouble", "With problems"],
];
/** @type {Record<string, [string, (value: string) => string]>} */
const WORDS = {
  state: ["Any state", stateWord],
  health: ["Any health", healthWord],
  project: ["All projects", String],
  tag: ["Any tag", String],
};

/** The controls above the list. */
export class Controls {
  /**
   * @param {HTMLElement} scopes
   * @param {HTMLElement} selects
   * @param {HTMLInputElement} words
   * @param {Question} question changed in place
   * @param {() => void} onChange
   */
  constructor(scopes, selects, words, question, onChange) {
    this.question = question;
    this.onChange = onChange;
    this.words = words;
    this.scopes = SCOPES.map(([scope, said]) =>
      el("button", { type: "button", onclick: () => this.choose({ show: scope }) }, said),
    );
    this.selects = FILTERS.map((name) => {
      const select = el("select", { "aria-label": WORDS[name][0], "data-filter": name });
      select.addEventListener("change", () => this.choose({ [name]: select.value }));
      return select;
    });
    fill(scopes, ...this.scopes);
    fill(selects, ...this.selects);
    words.addEventListener("input", () => this.choose({ q: words.value }));
    this.offered = "";
    this.show([]);
  }

  /** @param {Partial<Question>} chosen */
  choose(chosen) {
    Object.assign(this.question, chosen);
    this.onChange();
  }

  /** Take everything away that narrows the list. */
  clear() {
    this.choose({ q: "", show: "all", state: "", health: "", project: "", tag: "" });
  }

  /**
   * Show what is chosen, and offer what there is.
   * @param {Run[]} runs
   */
  show(runs) {
    SCOPES.forEach(([scope], i) => this.scopes[i].setAttribute("aria-pressed", String(scope === this.question.show)));
    if (this.words.value !== this.question.q) this.words.value = this.question.q;
    const choices = FILTERS.map((name) => choicesOf(runs, name, this.question[name]));
    const offered = JSON.stringify([choices, this.question]);
    if (offered === this.offered) return;
    this.offered = offered;
    FILTERS.forEach((name, i) => fill(this.selects[i], ...options(name, choices[i], this.question[name])));
  }
}

/**
 * @param {Run[]} runs
 * @param {(typeof FILTERS)[number]} name
 * @param {string} chosen offered too when no run has it
 */
function choicesOf(runs, name, chosen) {
  const found = new Set(runs.flatMap((run) => (name === "tag" ? run.tags : [run[name]])));
  if (chosen) found.add(chosen);
  return [...found].sort();
}

/**
 * @param {string} name
 * @param {string[]} values
 * @param {string} chosen
 */
function options(name, values, chosen) {
  const [any, said] = WORDS[name];
  return ["", ...values].map((value) =>
    el("option", { value, selected: value === chosen }, value ? said(value) : any),
  );
}
