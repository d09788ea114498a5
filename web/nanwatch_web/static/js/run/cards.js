/**
 * Diagnosis cards: what happened, why, where, and what to change.
 * @module
 */

import { el, fill } from "../dom.js";
import { integer, percent } from "../format.js";
import { healthPill } from "../pills.js";
import { symptomSentence, unlabel } from "../words.js";
import { fixCode, standing, tried, whereList } from "./cause.js";

/** @typedef {import("../types").Diagnosis} Diagnosis */
/** @typedef {import("../types").Cause} Cause */

/**
 * @typedef {object} CardActions
 * @property {(step: number) => void} zoomTo
 * @property {(label: string) => string | null} titleOf a cause's title in the catalogue
 */

/**
 * Show the cards, the gravest first; a card that did not change stays, so that focus is kept.
 * @param {HTMLElement} slot
 * @param {Diagnosis[]} diagnoses
 * @param {CardActions} actions
 */
export function showCards(slot, diagnoses, actions) {
  const known = new Map([...slot.children].map((child) => [child.getAttribute("data-print"), child]));
  const prints = diagnoses.map((each) =>
    JSON.stringify([each, actions.titleOf(each.causes[0]?.label ?? "")]),
  );
  const cards = diagnoses.map((each, i) => known.get(prints[i]) ?? card(each, actions));
  cards.forEach((each, i) => each.setAttribute("data-print", prints[i]));
  if (cards.length !== slot.children.length || cards.some((each, i) => each !== slot.children[i]))
    fill(slot, ...cards);
}

/**
 * Bring a card into view and point it out.
 * @param {Diagnosis} diagnosis
 */
export function openCard(diagnosis) {
  const found = document.getElementById(cardId(diagnosis));
  if (!found) return;
  document.querySelectorAll(".diag.found").forEach((each) => each.classList.remove("found"));
  found.classList.add("found");
  found.scrollIntoView({
    block: "start",
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
  });
  found.focus({ preventScroll: true });
}

/**
 * @param {Diagnosis} diagnosis
 * @param {CardActions} actions
 */
function card(diagnosis, actions) {
  const id = cardId(diagnosis);
  const [first, ...others] = diagnosis.causes;
  return el(
    "article",
    { class: `card diag ${diagnosis.severity}`, id, tabindex: -1, "aria-labelledby": `${id}-title` },
    head(diagnosis, actions),
    el("h2", { id: `${id}-title` }, symptomSentence(diagnosis)),
    ...(first ? suspect(first, actions) : [el("p", { class: "lead" }, "No cause stands out yet.")]),
    others.length > 0 && otherSuspects(others, actions),
    foot(diagnosis),
  );
}

/**
 * @param {Diagnosis} diagnosis
 * @param {CardActions} actions
 */
function head(diagnosis, { zoomTo }) {
  const step = diagnosis.first_step;
  const show =
    step !== null &&
    el("button", { type: "button", onclick: () => zoomTo(step) }, `Show step ${integer(step)}`);
  return el(
    "div",
    { class: "dhead" },
    healthPill(diagnosis.severity, null),
    el("div", { class: "grow" }),
    show,
  );
}

/**
 * @param {Cause} cause
 * @param {CardActions} actions
 */
function suspect(cause, { titleOf }) {
  return [
    el("p", { class: "cause" }, nameOf(cause.label, titleOf(cause.label)), " ", el("code", {}, cause.label)),
    el("p", { class: "lead" }, cause.summary),
    confidence(cause),
    ...whereList(cause.where),
    ...evidence(cause),
    ...fixCode(cause.fix),
    tried(cause),
  ];
}

/**
 * A cause's title, with the way to its page where the catalogue has one.
 * @param {string} label
 * @param {string | null} title
 */
function nameOf(label, title) {
  return title === null ? unlabel(label) : el("a", { href: `/causes/${encodeURIComponent(label)}` }, title);
}

/** @param {Cause} cause */
function confidence(cause) {
  const words = percent(cause.confidence);
  const meter = el("meter", { min: 0, max: 1, value: cause.confidence, "aria-label": "Confidence" }, words);
  return el(
    "div",
    { class: "conf" },
    el("span", {}, "Confidence"),
    meter,
    el("b", {}, words),
    el("small", {}, checkWords(cause.evidence.length)),
  );
}

/** @param {number} n */
function checkWords(n) {
  if (n === 0) return "";
  return n === 1 ? "1 check" : `${n} checks`;
}

/** @param {Cause} cause */
function evidence(cause) {
  if (!cause.evidence.length) return [];
  const items = cause.evidence.map((each) =>
    el(
      "li",
      { class: standing(each) },
      el("span", { class: "check" }, each.check),
      el("b", {}, each.seen),
      el("span", { class: "expected" }, `expected: ${each.expected}`),
    ),
  );
  return [el("h3", {}, "Evidence"), el("ul", { class: "evidence" }, ...items)];
}

/**
 * @param {Cause[]} causes
 * @param {CardActions} actions
 */
function otherSuspects(causes, actions) {
  const words = causes.length === 1 ? "1 other suspect" : `${causes.length} other suspects`;
  return el(
    "details",
    { class: "suspects" },
    el("summary", {}, words),
    ...causes.map((cause) => el("div", { class: "suspect" }, ...suspect(cause, actions))),
  );
}

/** @param {Diagnosis} diagnosis */
function foot(diagnosis) {
  return el("div", { class: "dfoot" }, footWords(diagnosis));
}

/** @param {Diagnosis} diagnosis */
function footWords({ severity, source }) {
  if (severity === "info")
    return "Foreseen from the settings and the data; nothing has gone wrong by it so far";
  if (source === "client") return "Full autopsy beside the training";
  return "The server's live view of the stream; the training's own autopsy refines it";
}

/** @param {Diagnosis} diagnosis */
function cardId(diagnosis) {
  return `diagnosis-${diagnosis.id}`;
}
