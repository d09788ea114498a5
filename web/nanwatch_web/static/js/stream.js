/**
 * Live events of a page, none while nobody sees it. All pages of a browser share one connection.
 *
 * The server replays nothing: whenever a page may have missed something, `onOpen` fetches anew what it
 * shows.
 * @module
 */

import { Line } from "./stream/line.js";

/** @typedef {"connecting" | "live" | "lost" | "asleep"} StreamState */
/**
 * @typedef {object} StreamHandlers
 * @property {() => Promise<unknown>} onOpen fetches what the page shows. What is told meanwhile is told
 *   once more after it, since what was fetched may be older
 * @property {(state: StreamState) => void} onState
 * @property {Record<string, (data: any) => void>} on by the event's name
 */

/** Fired on `document` when the stream tells of an alert or a channel; its detail is the event's name. */
export const NEWS = "nanwatch:news";

const PATIENCE_MS = 1200;

/** Live events that come back. */
export class LiveStream {
  /**
   * @param {string | null} run whose points are wanted, and of which alone is told; null: of every run
   * @param {StreamHandlers} handlers
   */
  constructor(run, handlers) {
    this.handlers = handlers;
    this.line = new Line(run, (told) => this.hear(told));
    this.opens = 0;
    /** @type {{event: string, data: any}[] | null} what was told since a fetch began that is not back yet */
    this.heard = null;
  }

  /** Connect, fetch for the first time even when no stream can be had, and follow the tab's visibility from now on. */
  start() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.sleep() : this.line.listen()));
    addEventListener("online", () => this.line.hurry());
    addEventListener("pagehide", () => this.sleep());
    addEventListener("pageshow", (event) => event.persisted && this.line.listen());
    this.handlers.onState("connecting");
    if (!document.hidden) this.line.listen();
    setTimeout(() => this.opens || void this.fetch(), PATIENCE_MS);
  }

  /** Connect and stay connected, whether the tab is looked at or not. */
  keep() {
    addEventListener("online", () => this.line.hurry());
    this.line.listen();
  }

  /** Nobody looks: ask for nothing. */
  sleep() {
    this.close();
    this.handlers.onState("asleep");
  }

  close() {
    this.line.leave();
  }

  /** @param {import("./stream/switchboard.js").Told} told */
  hear(told) {
    if ("state" in told) return this.turned(told.state);
    this.heard?.push(told);
    this.handlers.on[told.event]?.(told.data);
    if (told.event === "alert" || told.event === "channel")
      document.dispatchEvent(new CustomEvent(NEWS, { detail: told.event }));
  }

  /** @param {"connecting" | "live" | "lost"} state */
  turned(state) {
    this.handlers.onState(state);
    if (state !== "live") return;
    this.opens += 1;
    void this.fetch();
  }

  /** Fetch anew what the page shows. */
  async fetch() {
    const heard = [...(this.heard ?? [])];
    this.heard = heard;
    await this.handlers.onOpen().finally(() => this.heard === heard && (this.heard = null));
    for (const { event, data } of heard) this.handlers.on[event]?.(data);
  }
}
