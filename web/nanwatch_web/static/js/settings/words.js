/**
 * Settings in words for people. Pure.
 * @module
 */

import { integer } from "../format.js";
import { symptomBadge } from "../words.js";

/** @typedef {import("./types").Moment} Moment */

const DAY_S = 86_400;

/**
 * What can be told about alerts, and what its target looks like.
 * @type {{kind: string, words: string, target: string, example: string, secret: boolean}[]}
 */
export const KINDS = [
  { kind: "webhook", words: "Webhook", target: "URL", example: "https://example.org/alerts", secret: true },
  {
    kind: "slack",
    words: "Slack",
    target: "Webhook URL",
    example: "https://hooks.slack.com/services/…",
    secret: false,
  },
  {
    kind: "discord",
    words: "Discord",
    target: "Webhook URL",
    example: "https://discord.com/api/webhooks/…",
    secret: false,
  },
  { kind: "email", words: "E-mail", target: "Address", example: "team@example.org", secret: false },
  { kind: "apprise", words: "Apprise", target: "Apprise URL", example: "ntfy://topic", secret: false },
];

/** @type {[string, number | null][]} for how long a token is good, in seconds */
export const LIVES = [
  ["30 days", 30 * DAY_S],
  ["90 days", 90 * DAY_S],
  ["1 year", 365 * DAY_S],
  ["Never expires", null],
];

/** @type {[string, string][]} */
export const SCOPES = [
  ["write", "Write: send runs"],
  ["read", "Read: look at everything"],
  ["admin", "Admin: everything"],
];

/** @type {Record<string, string>} */
const MAY = {
  read: "Look at everything, change nothing",
  write: "Send runs",
  admin: "Look at everything and change it",
};

/** @param {string} [scope] of the login */
export function mayWords(scope) {
  return MAY[scope ?? ""] ?? "–";
}

/**
 * What a mute keeps quiet: "NaN or Inf, project zoo".
 * @param {import("./types").Mute} mute
 */
export function quietWords({ run_id: run, project, symptom }) {
  const parts = [symptom && symptomBadge(symptom), project && `project ${project}`, run && `run ${run}`];
  return parts.filter(Boolean).join(", ");
}

/** @param {string} kind */
export function kindWord(kind) {
  return KINDS.find((each) => each.kind === kind)?.words ?? kind;
}

/**
 * A moment of the server as one that `Date` takes.
 * @param {Moment} moment
 * @returns {number | null} milliseconds since 1970
 */
export function millis(moment) {
  if (moment === null) return null;
  return typeof moment === "number" ? moment * 1000 : Date.parse(moment);
}

/**
 * How a token stands.
 * @param {import("./types").Token} token
 * @param {number} now milliseconds since 1970
 * @returns {"active" | "expired" | "revoked"}
 */
export function standing({ expires_at: end, revoked_at: revoked }, now) {
  if (revoked !== null) return "revoked";
  return (millis(end) ?? Infinity) <= now ? "expired" : "active";
}

/**
 * What a test of a channel came to.
 * @param {import("./types").Tried} tried
 */
export function triedWords({ ok, status, latency_ms: latency, error }) {
  const answered = status ? `HTTP ${status}` : "";
  const took = latency === null ? "" : `${integer(Math.round(latency))} ms`;
  const told = [answered, took].filter(Boolean).join(" in ");
  if (ok) return `Delivered${told ? `: ${told}` : ""}`;
  return `Failed${told ? `: ${told}` : ""}${error ? `. ${error}` : ""}`;
}

/**
 * A number of days that was typed; null for none.
 * @param {string} typed
 * @returns {number | null}
 */
export function days(typed) {
  return typed.trim() === "" ? null : Number(typed);
}

/**
 * "tokens.create" as "Tokens: create".
 * @param {string} action
 */
export function actionWords(action) {
  const [what, ...rest] = action.replace(/[_-]/g, " ").split(".");
  const head = what.charAt(0).toUpperCase() + what.slice(1);
  return rest.length ? `${head}: ${rest.join(" ")}` : head;
}
