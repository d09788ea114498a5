/**
 * What can be done with an alert, in the inbox and on a run's card.
 * @module
 */

import { send } from "../api.js";
import { el } from "../dom.js";
import { dropDown } from "../menu.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {"acknowledge" | "resolve" | "reopen" | "mute" | "unmute" | "verdict"} Verb */

/**
 * @typedef {object} Action
 * @property {Verb} verb
 * @property {string} words on its button
 * @property {string} said afterwards
 * @property {object} [body]
 */

const HOUR_S = 3600;
const ACKNOWLEDGE = action("acknowledge", "Acknowledge", "Acknowledged");
const RESOLVE = action("resolve", "Resolve", "Resolved");
const REOPEN = action("reopen", "Reopen", "Reopened");
const UNMUTE = action("unmute", "Unmute", "Unmuted");

/** For how long alerts can be muted. */
export const TIMED_MUTES = [
  mute("For 1 hour", HOUR_S),
  mute("For 8 hours", 8 * HOUR_S),
  mute("For 1 day", 24 * HOUR_S),
  mute("For 1 week", 7 * 24 * HOUR_S),
];
/** The same for a single one, which can get worse. */
export const MUTES = [mute("Until it gets worse", "worse"), ...TIMED_MUTES];

/**
 * The actions that make sense now, the likeliest first. Muting has a menu of its own.
 * @param {Pick<Alert, "state" | "muted">} alert
 * @returns {Action[]}
 */
export function actionsFor({ state, muted }) {
  if (state === "resolved") return [REOPEN];
  return [...(state === "open" ? [ACKNOWLEDGE] : []), RESOLVE, ...(muted ? [UNMUTE] : [])];
}

/**
 * What takes an action back, or null when nothing does.
 * @param {Action} done
 * @returns {Action | null}
 */
export function undoing({ verb }) {
  if (verb === "acknowledge" || verb === "resolve") return REOPEN;
  return verb === "mute" ? UNMUTE : null;
}

/**
 * Do it.
 * @param {Alert["id"]} id
 * @param {Action} chosen
 * @returns {Promise<Alert>} the alert as it is then
 */
export function act(id, { verb, body }) {
  return send("POST", `/alerts/${encodeURIComponent(id)}/${verb}`, body);
}

/**
 * Tell nothing of a symptom in a project for a while: of the alerts that are there, nor of new ones.
 * @param {Alert} alert
 * @param {Action} mute
 */
export function muteAlike({ project, symptom }, { body }) {
  return send("POST", "/mutes", { project, symptom, ...body });
}

/**
 * Keep whether the diagnosis was right.
 * @param {Alert["id"]} id
 * @param {boolean | null} right null takes the word back
 * @returns {Promise<Alert>}
 */
export function judge(id, right) {
  return send("POST", `/alerts/${encodeURIComponent(id)}/verdict`, { right });
}

/**
 * Buttons for what can be done, and the menu for muting.
 * @param {Alert} alert
 * @param {(chosen: Action) => unknown} choose
 * @returns {HTMLElement[]}
 */
export function actionButtons(alert, choose) {
  const buttons = actionsFor(alert).map((each) =>
    el("button", { type: "button", "data-verb": each.verb, onclick: () => choose(each) }, each.words),
  );
  if (alert.state === "resolved" || alert.muted) return buttons;
  return [...buttons, muteMenu(MUTES, choose)];
}

/**
 * @param {Action[]} mutes
 * @param {(chosen: Action) => unknown} choose
 */
export function muteMenu(mutes, choose) {
  const choices = mutes.map((each) => ({ words: each.words, act: () => choose(each) }));
  return dropDown(["Mute"], { class: "menu mute" }, () => choices);
}

/**
 * @param {Verb} verb
 * @param {string} words
 * @param {string} said
 * @param {object} [body]
 * @returns {Action}
 */
function action(verb, words, said, body) {
  return { verb, words, said, body };
}

/**
 * @param {string} words
 * @param {"worse" | number} until seconds, or that it gets worse
 */
function mute(words, until) {
  return action("mute", words, `Muted ${words.charAt(0).toLowerCase()}${words.slice(1)}`, { until });
}
