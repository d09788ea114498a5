/**
 * One connection to the live events for all pages of a browser. It tells of what they look at together,
 * and comes back by itself. When that changes, the new connection is open before the old one ends, so
 * that nobody misses anything.
 * @module
 */

/**
 * @typedef {object} Listener a page
 * @property {string | null} run whose points it wants, and of which alone it hears; null: of every run
 * @property {(told: Told) => void} tell
 */
/** @typedef {{state: "connecting" | "live" | "lost"} | {event: string, data: any}} Told */
/** @typedef {Pick<EventSource, "onopen" | "onerror" | "addEventListener" | "close">} Source */

const STREAM = "/api/v1/stream";
const EVENTS = ["run", "points", "diagnosis", "alert", "deleted", "channel"];
const MOST_RUNS = 100;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
/** Pages come and go as one walks from one to the next: what nobody wants any more ends after a while. */
const SETTLE_MS = 1000;

/** Who listens, and the connection. */
export class Switchboard {
  /** @param {(url: string) => Source} open */
  constructor(open) {
    this.open = open;
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** @type {Set<Listener>} who may have missed something, until a connection is open */
    this.waiting = new Set();
    /** @type {{url: string, source: Source, live: boolean} | null} the latest connection */
    this.latest = null;
    /** @type {Source | null} the one before it, until the latest is open */
    this.former = null;
    this.wait = FIRST_WAIT_MS;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * Tell a page from now on. It hears "live" once it misses nothing any more.
   * @param {Listener} listener
   */
  add(listener) {
    this.listeners.add(listener);
    this.waiting.add(listener);
    listener.tell({ state: "connecting" });
    this.renew();
    if (this.latest?.live) this.welcome();
  }

  /** @param {Listener} listener */
  remove(listener) {
    this.waiting.delete(listener);
    if (this.listeners.delete(listener)) this.later(SETTLE_MS);
  }

  /** There is a network again: try at once. */
  hurry() {
    if (!this.latest) this.renew();
  }

  /** The address of all that the pages want together. */
  wanted() {
    const wishes = [...this.listeners].map(({ run }) => run);
    const runs = [...new Set(wishes.filter((run) => run !== null))].sort().slice(0, MOST_RUNS);
    const query = runs.map((run) => `run=${encodeURIComponent(run)}`);
    if (runs.length && wishes.includes(null)) query.push("all=true");
    return query.length ? `${STREAM}?${query.join("&")}` : STREAM;
  }

  /** Let the connection be the one that is wanted now. */
  renew() {
    clearTimeout(this.timer);
    if (!this.listeners.size) return this.close();
    const url = this.wanted();
    if (this.latest?.url === url) return;
    if (this.latest?.live) this.former = this.latest.source;
    else this.latest?.source.close();
    const source = this.open(url);
    this.latest = { url, source, live: false };
    source.onopen = () => this.opened(source);
    source.onerror = () => this.lost(source);
    source.addEventListener("gone", () => this.lost(source));
    for (const name of EVENTS)
      source.addEventListener(name, (event) => this.pass(name, JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }

  /** @param {Source} source */
  opened(source) {
    if (this.latest?.source !== source) return;
    const { former } = this;
    // What is still on its way there comes twice rather than never.
    if (former) setTimeout(() => former.close(), SETTLE_MS);
    this.former = null;
    this.latest.live = true;
    this.wait = FIRST_WAIT_MS;
    this.welcome();
  }

  /** Nobody misses anything any more. */
  welcome() {
    for (const listener of this.waiting) listener.tell({ state: "live" });
    this.waiting.clear();
  }

  /** @param {Source} source */
  lost(source) {
    if (this.latest?.source !== source && this.former !== source) return;
    this.close();
    this.later(this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    for (const listener of this.listeners) {
      this.waiting.add(listener);
      listener.tell({ state: "lost" });
    }
  }

  close() {
    this.latest?.source.close();
    this.former?.close();
    this.latest = this.former = null;
  }

  /** @param {number} wait in milliseconds */
  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew(), wait);
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  pass(event, data) {
    const id = data.run_id ?? (event === "channel" ? null : data.id);
    for (const { run, tell } of this.listeners) if (concerns(run, event, id)) tell({ event, data });
  }
}

/**
 * @param {string | null} run that a page looks at
 * @param {string} event
 * @param {string | null} id of the run that the event is about
 */
function concerns(run, event, id) {
  return run === id || id === null || (run === null && event !== "points");
}
