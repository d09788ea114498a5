/**
 * The parts of the compare page.
 * @module
 */

import { el, fill } from "../dom.js";
import { integer } from "../format.js";
import { MOST_SMOOTHING } from "../run/address.js";
import { ALIGNMENTS } from "./address.js";
import { differences, outcomes } from "./differences.js";

/** @typedef {import("./align.js").Compared} Compared */
/** @typedef {import("./address.js").Question} Question */

/** @type {Record<import("./address.js").Alignment, string>} */
const WORDS = { step: "Step", epoch: "Epoch", time: "Time", divergence: "Divergence" };

/** A part with more rows than that begins with few of them. */
const MANY = 24;
const FEW = 16;

/** How the curves are laid over one another. */
export class Toolbar {
  /**
   * @param {Required<Question>} question changed in place
   * @param {(realigned?: boolean) => void} onChange
   */
  constructor(question, onChange) {
    this.question = question;
    this.onChange = onChange;
    this.axes = el("div", { class: "seg", role: "group", "aria-label": "Align by" });
    this.log = el("input", { type: "checkbox" });
    this.log.addEventListener("change", () => this.chooseLog());
    this.nodes = [this.alignments(), this.slider(), el("label", { class: "chk" }, this.log, "Log y")];
    this.showLog(question.log);
  }

  alignments() {
    const buttons = ALIGNMENTS.map((align) =>
      el("button", { type: "button", onclick: () => this.align(align) }, WORDS[align]),
    );
    fill(this.axes, ...buttons);
    this.press();
    return this.axes;
  }

  press() {
    [...this.axes.children].forEach((button, i) =>
      button.setAttribute("aria-pressed", String(ALIGNMENTS[i] === this.question.align)),
    );
  }

  /** @param {import("./address.js").Alignment} align */
  align(align) {
    this.question.align = align;
    this.press();
    this.onChange(true);
  }

  chooseLog() {
    Object.assign(this.question, { log: this.log.checked, logChosen: true });
    this.onChange();
  }

  /** @param {boolean} log whether the axis is one of powers */
  showLog(log) {
    this.log.checked = this.question.log = log;
  }

  slider() {
    const value = this.question.smoothing;
    const output = el("output", {}, value);
    const input = el("input", { type: "range", min: 0, max: MOST_SMOOTHING, step: 0.01, value });
    input.addEventListener("input", () => {
      this.question.smoothing = Number(input.value);
      output.textContent = input.value;
      this.onChange();
    });
    return el("label", { class: "slider" }, "Smoothing", input, output);
  }
}

/**
 * How the runs went, and in what they differ.
 * @param {Compared[]} all
 * @param {Set<string>} unfolded the parts that the reader wishes to see whole, by their titles
 */
export function table(all, unfolded) {
  const parts = [
    part("How they went", outcomes(all), unfolded),
    part("Differs in what you configured", differences(all.map(({ run }) => run.config)), unfolded),
    part("Differs in what the callback found", differences(all.map(({ run }) => run.facts)), unfolded),
  ];
  const heads = all.map(({ run, label }, i) =>
    el(
      "th",
      { scope: "col", class: `run-${i}`, title: label },
      el("a", { href: `/runs/${encodeURIComponent(run.id)}` }, label),
    ),
  );
  return el(
    "div",
    { class: "card scroll", tabindex: 0, role: "region", "aria-label": "What differs" },
    el("table", { class: "values compared" }, el("thead", {}, el("tr", {}, el("td", {}), ...heads)), ...parts),
  );
}

/**
 * @param {string} title
 * @param {import("./differences.js").Row[]} rows
 * @param {Set<string>} unfolded
 */
function part(title, rows, unfolded) {
  const told = rows.map(({ name, values }) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...values.map((value) => el("td", {}, value))),
  );
  const head = el("tr", { class: "part" }, el("th", { scope: "rowgroup" }, title));
  if (!told.length) return el("tbody", {}, head, el("tr", {}, el("th", { scope: "row", class: "sub" }, "nothing")));
  if (told.length <= MANY || unfolded.has(title)) return el("tbody", {}, head, ...told);
  const body = el("tbody", {}, head, ...told.slice(0, FEW));
  body.append(rest(told.length - FEW, () => (unfolded.add(title), fill(body, head, ...told))));
  return body;
}

/**
 * @param {number} n rows that are folded away
 * @param {() => unknown} show
 */
function rest(n, show) {
  const button = el("button", { type: "button", class: "plain", onclick: show }, `Show ${integer(n)} more`);
  return el("tr", {}, el("th", { scope: "row" }, button));
}

/**
 * The chart in a sentence a run.
 * @param {Compared[]} all
 */
export function summaryOf(all) {
  const told = all.map(({ label, failedAt }) =>
    failedAt === null ? `${label}: finite.` : `${label}: not finite from ${integer(failedAt)}.`,
  );
  return ["Losses of several runs.", ...told].join(" ");
}

/** What to do when there is nothing to compare. */
export function chooseOthers() {
  return el(
    "p",
    { class: "card" },
    "No runs to compare. Tick two or more in the list of ",
    el("a", { href: "/" }, "runs"),
    " and press Compare.",
  );
}
