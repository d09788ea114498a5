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

/**
 * How the curves are laid over one another.
 * @param {Required<Question>} question changed in place
 * @param {(realigned?: boolean) => void} onChange
 */
export function toolbar(question, onChange) {
  const group = el("div", { class: "seg", role: "group", "aria-label": "Align by" });
  const pressed = () =>
    [...group.children].forEach((button, i) =>
      button.setAttribute("aria-pressed", String(ALIGNMENTS[i] === question.align)),
    );
  const choose = (/** @type {import("./address.js").Alignment} */ align) => {
    question.align = align;
    pressed();
    onChange(true);
  };
  const buttons = ALIGNMENTS.map((align) =>
    el("button", { type: "button", onclick: () => choose(align) }, WORDS[align]),
  );
  fill(group, ...buttons);
  pressed();
  return [group, slider(question, onChange), logTick(question, onChange)];
}

/**
 * @param {Required<Question>} question
 * @param {() => void} onChange
 */
function slider(question, onChange) {
  const value = question.smoothing;
  const output = el("output", {}, value);
  const input = el("input", { type: "range", min: 0, max: MOST_SMOOTHING, step: 0.01, value });
  input.addEventListener("input", () => {
    question.smoothing = Number(input.value);
    output.textContent = input.value;
    onChange();
  });
  return el("label", { class: "slider" }, "Smoothing", input, output);
}

/**
 * @param {Question} question
 * @param {() => void} onChange
 */
function logTick(question, onChange) {
  const input = el("input", { type: "checkbox" });
  input.checked = question.log;
  input.addEventListener("change", () => {
    question.log = input.checked;
    onChange();
  });
  return el("label", { class: "chk" }, input, "Log y");
}

/**
 * How the runs went, and in what they differ.
 * @param {Compared[]} all
 */
export function table(all) {
  const parts = [
    part("How they went", outcomes(all)),
    part("Differs in what you configured", differences(all.map(({ run }) => run.config))),
    part("Differs in what the callback found", differences(all.map(({ run }) => run.facts))),
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
 */
function part(title, rows) {
  const told = rows.map(({ name, values }) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...values.map((value) => el("td", {}, value))),
  );
  const none = el("tr", {}, el("th", { scope: "row", class: "sub" }, "nothing"));
  const head = el("tr", { class: "part" }, el("th", { scope: "rowgroup" }, title));
  return el("tbody", {}, head, ...(told.length ? told : [none]));
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
