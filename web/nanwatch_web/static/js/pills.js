/**
 * Pills: state, health and the live connection, each with a word and a shape.
 * @module
 */

import { el, fill, icon } from "./dom.js";
import { duration } from "./format.js";
import { healthWord, stateHint, stateWord, symptomBadge } from "./words.js";

const BOX = "0 0 12 12";

/** @type {Record<string, string>} drawn with a 1.8 stroke in a 12 x 12 box */
const SHAPES = {
  finished: "M2 6.500l2.800 2.800L10 3.500",
  failed: "M2.500 2.500l7 7M9.500 2.500l-7 7",
  interrupted: "M3 3h6v6H3z",
  stale: "M6 1.500v4.500l3 2M6 1.500a4.500 4.500 0 1 0 .1 0",
  lost: "M1.500 10.500l9-9M3 6a3 3 0 0 1 4-3M9 6a3 3 0 0 1-4 3",
  hung: "M4 2.500v7M8 2.500v7",
  critical: "M6 1.500l5 9H1z",
  warning: "M6 1.500L10.500 6 6 10.500 1.500 6z",
  info: "M6 5.500v4M6 2.500v.1",
  ok: "M2 6.500l2.800 2.800L10 3.500",
};

/** @type {Record<string, string>} */
const LIVE_WORDS = { live: "Live", connecting: "Connecting", lost: "Reconnecting", asleep: "Paused" };

/**
 * @param {string} state
 * @param {string} [why] it is in that state; else what the state means is told
 * @returns {HTMLElement}
 */
export function statePill(state, why) {
  const mark = state === "running" ? el("i") : shape(state);
  return el("span", { class: `pill ${classOf(state)}`, title: why || stateHint(state) }, mark, stateWord(state));
}

/**
 * A run's health; when something is wrong, the symptom's name in place of "critical". A note is none.
 * @param {string} health
 * @param {string | null} symptom
 * @param {string | null} [fault] what was not finite, where that is known
 * @returns {HTMLElement}
 */
export function healthPill(health, symptom, fault) {
  const wrong = health === "warning" || health === "critical";
  const words = symptom && wrong ? symptomBadge(symptom, fault) : healthWord(health);
  return el("span", { class: `pill ${classOf(health)}`, title: healthWord(health) }, shape(health), words);
}

/**
 * That the clock of a training's machine is off; null where it agrees with the server's.
 * @param {Record<string, unknown> | undefined} facts
 * @returns {HTMLElement | null}
 */
export function clockPill(facts) {
  const off = facts?.clock_off_s;
  if (typeof off !== "number" || off === 0) return null;
  const title = "The training's clock differs from the server's: the times of day it tells are off, its steps are not.";
  const words = `Clock ${duration(Math.abs(off))} ${off > 0 ? "ahead" : "behind"}`;
  return el("span", { class: "pill stale", title }, shape("stale"), words);
}

/**
 * Say in the page's head whether what is shown is live.
 * @param {HTMLElement} node
 * @param {string} state of the stream
 */
export function showLive(node, state) {
  if (node.dataset.state === state) return;
  node.dataset.state = state;
  fill(node, el("i"), LIVE_WORDS[state] ?? state);
}

/**
 * Let the tab's icon tell the health.
 * @param {string} health
 */
export function showFavicon(health) {
  const name = health === "critical" || health === "warning" ? health : "ok";
  document.getElementById("favicon")?.setAttribute("href", `/static/icons/${name}.svg`);
}

/**
 * "The server does not answer" above the page, or nothing.
 * @param {HTMLElement} node
 * @param {string | null} words
 */
export function showBanner(node, words) {
  node.hidden = words === null;
  if (node.textContent !== (words ?? "")) node.textContent = words ?? "";
}

/** @param {string} name */
function shape(name) {
  const drawn = icon(BOX, SHAPES[name] ?? SHAPES.info);
  if (name === "critical") drawn.querySelector("path")?.setAttribute("class", "solid");
  return drawn;
}

/**
 * Only words that the style sheet knows become classes.
 * @param {string} word
 */
function classOf(word) {
  return word in SHAPES || word === "running" ? word : "info";
}
