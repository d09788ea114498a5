/**
 * Desktop notifications of critical alerts. One tab of a browser tells for all of them, whether it is
 * looked at or not; when it is closed, another takes over.
 * @module
 */

import { get } from "../api.js";
import { LiveStream } from "../stream.js";
import { isNews, notesOf } from "./news.js";
import { canTell, keepTold, wish } from "./wish.js";

/** @typedef {import("../types").Alert} Alert */

const LOCK = "nanwatch:teller";
const GATHER_MS = 700;
const MOST_READ = 100;

/** @type {AbortController | null} what ends the telling of this tab */
let telling = null;
/** @type {Map<Alert["id"], Alert>} */
const waiting = new Map();
let timer = 0;

/** Tell as soon as no other tab does, if somebody wished it and the browser lets us. */
export function tell() {
  if (telling || !canTell() || !wish() || Notification.permission !== "granted") return;
  const ended = (telling = new AbortController());
  const hold = () => new Promise((_, leave) => follow(ended.signal, leave));
  navigator.locks.request(LOCK, { signal: ended.signal }, hold).catch(() => {});
}

/** Tell no more. */
export function hush() {
  telling?.abort();
  telling = null;
}

/**
 * Hold on to the lock and listen until the wish is taken back.
 * @param {AbortSignal} ended
 * @param {(why: Error) => void} leave
 */
function follow(ended, leave) {
  const stream = new LiveStream(null, {
    onOpen: () => catchUp().catch(() => {}),
    onState: () => {},
    on: { alert: hear },
  });
  ended.addEventListener("abort", () => (stream.close(), leave(new Error("nobody wishes it any more"))));
  stream.keep();
}

/** Read what came while no connection was open. */
async function catchUp() {
  const { alerts } = await get("/alerts", { state: "open", severity: "critical", limit: MOST_READ });
  alerts.forEach(hear);
}

/** @param {Alert} alert */
function hear(alert) {
  waiting.set(alert.id, alert);
  if (!timer) timer = window.setTimeout(say, GATHER_MS);
}

/** A better diagnosis may follow in a moment, and many runs may fail at once: gathered, then told. */
function say() {
  timer = 0;
  const kept = wish();
  if (!kept) return;
  const told = new Set(kept.told);
  const news = [...waiting.values()].filter((alert) => isNews(alert, told, kept.since));
  waiting.clear();
  keepTold(news.map(({ id }) => id));
  notesOf(news).forEach(show);
}

/** @param {import("./news.js").Note} note */
function show({ title, body, tag, href }) {
  const shown = new Notification(title, { body, tag, icon: "/static/icons/critical.svg" });
  shown.addEventListener("click", () => {
    window.open(href, "_blank");
    shown.close();
  });
}
