/**
 * Live events. One connection a tab, none while the tab is hidden, reopened by itself.
 *
 * The server replays nothing: after every (re)connection `onOpen` fetches anew what the page shows.
 * @module
 */

/** @typedef {"connecting" | "live" | "lost" | "asleep"} StreamState */
/**
 * @typedef {object} StreamHandlers
 * @property {() => void} onOpen
 * @property {(state: StreamState) => void} onState
 * @property {Record<string, (data: any) => void>} on by the event's name
 */

/** Fired on `document` when the stream tells of an alert; its detail is the alert. */
export const ALERT_CHANGED = "nanwatch:alert";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const PATIENCE_MS = 1200;

/** A connection to /api/v1/stream that comes back. */
export class LiveStream {
  /**
   * @param {string} url
   * @param {StreamHandlers} handlers
   */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.wait = FIRST_WAIT_MS;
    /** @type {EventSource | null} */
    this.source = null;
    this.timer = 0;
    this.opens = 0;
    this.kept = false;
  }

  /** Connect, fetch for the first time even when no stream can be had, and follow the tab's visibility from now on. */
  start() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.sleep() : this.open()));
    addEventListener("online", () => this.open());
    addEventListener("pagehide", () => this.sleep());
    addEventListener("pageshow", (event) => event.persisted && this.open());
    this.open();
    setTimeout(() => this.opens || this.handlers.onOpen(), PATIENCE_MS);
  }

  /** Connect and stay connected, whether the tab is looked at or not. */
  keep() {
    this.kept = true;
    addEventListener("online", () => this.open());
    this.open();
  }

  /** Open a new connection in place of the old one. */
  open() {
    this.close();
    if (document.hidden && !this.kept) return;
    this.handlers.onState("connecting");
    const source = new EventSource(this.url);
    source.onopen = () => this.opened();
    source.onerror = () => this.lost();
    for (const [name, handle] of Object.entries(this.handlers.on)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
    source.addEventListener("alert", (event) => spread(JSON.parse(event.data)));
    source.addEventListener("gone", () => this.lost());
    this.source = source;
  }

  /** Close while nobody looks: six open connections a host are all that a browser has. */
  sleep() {
    this.close();
    this.handlers.onState("asleep");
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  opened() {
    this.wait = FIRST_WAIT_MS;
    this.opens += 1;
    this.handlers.onState("live");
    this.handlers.onOpen();
  }

  lost() {
    this.close();
    this.handlers.onState("lost");
    this.timer = window.setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}

/** @param {import("./types").Alert} alert */
function spread(alert) {
  document.dispatchEvent(new CustomEvent(ALERT_CHANGED, { detail: alert }));
}
