/**
 * What became of an alert's messages, attempt by attempt.
 * @module
 */

import { get, wordsOf } from "../api.js";
import { el, fill } from "../dom.js";
import { clock, exact, integer } from "../format.js";
import { deliveryWords } from "./words.js";

/** @typedef {import("../types").Alert} Alert */

/**
 * @typedef {object} Delivery
 * @property {string} channel its id
 * @property {string} kind
 * @property {string | null} at
 * @property {number} attempt
 * @property {"sent" | "retry" | "failed"} state
 * @property {number | null} status of HTTP
 * @property {number | null} latency_ms
 * @property {string} error
 */

/** @typedef {{id: string | number, name: string}} Named */

/** @type {Record<Delivery["state"], string>} */
const OUTCOMES = { sent: "sent", retry: "tried, goes on", failed: "failed" };
/** @type {[string, string][]} */
const HEADS = [
  ["when", "Time"],
  ["channel", "Channel"],
  ["outcome", "Outcome"],
];

/** The delivery log below an alert. It is fetched when it is opened, and again when the counts change. */
export class DeliveryLog {
  /** @param {Alert["id"]} id */
  constructor(id) {
    this.id = id;
    this.words = el("summary");
    this.body = el("div", { class: "attempts" });
    this.element = el("details", { class: "log" }, this.words, this.body);
    this.element.addEventListener("toggle", () => this.element.open && void this.fetch());
  }

  /** @param {Alert} alert */
  show(alert) {
    const words = deliveryWords(alert);
    if (this.words.textContent === words) return;
    this.words.textContent = words;
    this.words.classList.toggle("failed", alert.deliveries?.failed > 0);
    if (this.element.open) void this.fetch();
  }

  async fetch() {
    try {
      const path = `/alerts/${encodeURIComponent(this.id)}/deliveries`;
      const [{ deliveries }, { channels }] = await Promise.all([get(path), get("/channels")]);
      const names = new Map(channels.map((/** @type {Named} */ { id, name }) => [String(id), name]));
      fill(this.body, deliveries.length ? table(deliveries, names) : nothingSent());
    } catch (error) {
      fill(this.body, el("p", { class: "problem" }, wordsOf(error)));
    }
  }
}

/**
 * @param {Delivery[]} deliveries
 * @param {Map<string, string>} names of the channels that are still there
 */
function table(deliveries, names) {
  const heads = HEADS.map(([kind, words]) => el("th", { scope: "col", class: kind }, words));
  return el(
    "table",
    {},
    el("caption", { class: "vh" }, "Deliveries, latest first"),
    el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...deliveries.map((each) => row(each, names.get(each.channel) ?? "deleted"))),
  );
}

/**
 * @param {Delivery} delivery
 * @param {string} channel its name
 */
function row({ kind, at, attempt, state, status, latency_ms: latency, error }, channel) {
  const when = at === null ? "–" : el("time", { datetime: at, title: exact(at) }, clock(at));
  const numbers = [
    status && `HTTP ${status}`,
    latency !== null && `${integer(Math.round(latency))} ms`,
    attempt > 1 && `attempt ${attempt}`,
  ].filter(Boolean);
  return el(
    "tr",
    { class: state },
    el("td", { class: "when" }, when),
    el("td", { class: "channel" }, channel, " ", el("small", {}, kind)),
    el("td", { class: "outcome" }, el("b", {}, OUTCOMES[state] ?? state), ` ${numbers.join(", ")}`, error && el("p", {}, error)),
  );
}

function nothingSent() {
  return el(
    "p",
    { class: "sub" },
    "Nothing was sent. ",
    el("a", { href: "/settings#channels" }, "Channels"),
    " say who is told.",
  );
}
