/**
 * Diagnosis cards: what happened, why, where, and what to change.
 * @module
 */

import { arrange, el, fill, icon } from "../dom.js";
import { integer, percent } from "../format.js";
import { symptomSentence, unlabel, withoutCause } from "../words.js";
import { CardState } from "./card_state.js";
import { checks, fixCode, standing, standingWords, tried, whereList } from "./cause.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("../types").Diagnosis} Diagnosis */
/** @typedef {import("../types").Cause} Cause */

/**
 * @typedef {object} CardActions
 * @property {(step: number) => void} zoomTo
 * @property {(label: string) => string | null} titleOf a cause's title in the catalogue
 * @property {(id: Diagnosis["id"]) => Alert | null} alertOf the alert that tells of a diagnosis
 * @property {(alert: Alert) => void} onAlert an alert was changed on its card
 */

const FIND = ["M9 3.500a5.500 5.500 0 1 0 .1 0", "M13 13l4 4"];

/** @type {WeakMap<Element, CardState>} */
const states = new WeakMap();
/** The card that the page's address asks for, until it was shown. */
let asked = location.hash.slice(1);

/**
 * Show the cards, the gravest first; a card that did not change stays, so that focus is kept.
 * @param {HTMLElement} slot
 * @param {Diagnosis[]} diagnoses
 * @param {CardActions} actions
 */
export function showCards(slot, diagnoses, actions) {
  const known = new Map([...slot.children].map((child) => [child.getAttribute("data-print"), child]));
  const labels = diagnoses.map(({ causes }) => causes[0]?.label ?? "");
  const told = labels.map((label, i) => label !== "" && labels.indexOf(label) < i);
  const prints = diagnoses.map((each, i) => JSON.stringify([each, told[i]]));
  const cards = diagnoses.map((each, i) => known.get(prints[i]) ?? card(each, actions, told[i]));
  cards.forEach((each, i) => each.setAttribute("data-print", prints[i]));
  const [found, focused] = [".found", ":focus-within"].map((mark) => slot.querySelector(`.diag${mark}`)?.id);
  arrange(slot, cards);
  cards.forEach((each, i) => {
    showTitles(each, actions.titleOf);
    states.get(each)?.show(actions.alertOf(diagnoses[i].id));
  });
  // A card that was made anew, as of a better diagnosis, is the same to its reader.
  if (found) document.getElementById(found)?.classList.add("found");
  if (focused && !slot.matches(":focus-within")) document.getElementById(focused)?.focus({ preventScroll: true });
  const wanted = diagnoses.find((each) => cardId(each) === asked);
  if (wanted) openCard(wanted);
}

/**
 * Bring a card into view and point it out.
 * @param {Diagnosis} diagnosis
 */
export function openCard(diagnosis) {
  const found = document.getElementById(cardId(diagnosis));
  if (!found) return;
  asked = "";
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
 * @param {boolean} told whether a card above tells of the same cause: then it is told on demand
 */
function card(diagnosis, actions, told) {
  const id = cardId(diagnosis);
  const [first, ...others] = diagnosis.causes;
  const state = new CardState(diagnosis, actions.onAlert);
  const made = el(
    "article",
    { class: `card diag ${diagnosis.severity}`, id, tabindex: -1, "aria-labelledby": `${id}-title` },
    state.head,
    title(diagnosis, actions),
    ...(first ? suspect(first, told) : [el("p", { class: "lead" }, withoutCause(diagnosis.symptom))]),
    others.length > 0 && otherSuspects(others),
    state.foot,
    el("p", { class: "source" }, sourceWords(diagnosis)),
  );
  states.set(made, state);
  made.addEventListener("click", (event) => isReading(event) || zoomToCard(diagnosis, actions));
  return made;
}

/**
 * What happened; a click on it, as on the card, lets the curves show the step.
 * @param {Diagnosis} diagnosis
 * @param {CardActions} actions
 */
function title(diagnosis, actions) {
  const step = diagnosis.first_step;
  const words = `Show step ${integer(step)}`;
  const props = { type: "button", class: "icon", title: words, "aria-label": words };
  const show = step !== null && el("button", { ...props, onclick: () => zoomToCard(diagnosis, actions) });
  if (show) show.append(icon("0 0 20 20", ...FIND));
  const heading = el("h2", { id: `${cardId(diagnosis)}-title` }, symptomSentence(diagnosis));
  return el("div", { class: "dtitle" }, heading, show);
}

/**
 * @param {Diagnosis} diagnosis
 * @param {CardActions} actions
 */
function zoomToCard({ first_step: step }, { zoomTo }) {
  if (step !== null) zoomTo(step);
}

/**
 * Whether a click was meant for something in the card, or ended a selection of its text.
 * @param {Event} event
 */
function isReading(event) {
  const target = /** @type {Element} */ (event.target);
  return target.closest("a, button, summary, pre, .menu") !== null || !getSelection()?.isCollapsed;
}

/**
 * @param {Cause} cause
 * @param {boolean} told
 */
function suspect(cause, told) {
  const name = nameOf(cause.label, null);
  const rest = details(cause);
  return [name, ...(told ? [el("details", { class: "again" }, el("summary", {}, "The same cause as above"), ...rest)] : rest)];
}

/**
 * What to change stands before what speaks for it: it is what one came for.
 * @param {Cause} cause
 */
function details(cause) {
  return [
    el("p", { class: "lead" }, cause.summary),
    confidence(cause),
    ...whereList(cause.where),
    ...fixCode(cause.fix),
    tried(cause),
    ...evidence(cause),
  ];
}

/**
 * Name the causes of a card by their titles. These may come after it, when it is already read or
 * acted on: the card itself stays.
 * @param {Element} made
 * @param {CardActions["titleOf"]} titleOf
 */
function showTitles(made, titleOf) {
  for (const name of made.querySelectorAll(".cause")) {
    const label = name.getAttribute("data-label") ?? "";
    const titled = nameOf(label, titleOf(label));
    if (!name.isEqualNode(titled)) fill(name, ...titled.childNodes);
  }
}

/**
 * A cause's title, with the way to its page where the catalogue has one.
 * @param {string} label
 * @param {string | null} title
 */
function nameOf(label, title) {
  const words = title === null ? unlabel(label) : el("a", { href: `/causes/${encodeURIComponent(label)}` }, title);
  return el("p", { class: "cause", "data-label": label }, words, " ", el("code", {}, label));
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
    el("small", {}, checkWords(checks(cause).length)),
  );
}

/** @param {number} n */
function checkWords(n) {
  if (n === 0) return "";
  return n === 1 ? "1 check" : `${n} checks`;
}

/** @param {Cause} cause */
function evidence(cause) {
  const items = checks(cause).map((each) =>
    el(
      "li",
      { class: standing(each) },
      el("span", { class: "check" }, el("span", { class: "vh" }, standingWords(each)), each.check),
      el("b", {}, each.seen),
      el("span", { class: "expected" }, `expected: ${each.expected}`),
    ),
  );
  if (!items.length) return [];
  return [el("h3", {}, "Evidence"), el("ul", { class: "evidence" }, ...items)];
}

/** @param {Cause[]} causes */
function otherSuspects(causes) {
  const words = causes.length === 1 ? "1 other suspect" : `${causes.length} other suspects`;
  return el(
    "details",
    { class: "suspects" },
    el("summary", {}, words),
    ...causes.map((cause) => el("div", { class: "suspect" }, ...suspect(cause, false))),
  );
}

/** @param {Diagnosis} diagnosis */
function sourceWords({ severity, source }) {
  if (severity === "info")
    return "Foreseen from the settings and the data; nothing has gone wrong by it so far";
  if (source === "client") return "Full autopsy beside the training";
  return "The server's live view of the stream; the training's own autopsy refines it";
}

/** @param {Diagnosis} diagnosis */
function cardId(diagnosis) {
  return `diagnosis-${diagnosis.id}`;
}
