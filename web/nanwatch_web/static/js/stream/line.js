/**
 * The way from a page to the connection that it shares with the browser's other pages. Where a browser has
 * no shared workers, or the worker does not come - its script is blocked, the window is a private one - or
 * dies, the page has a connection of its own.
 * @module
 */

import { Switchboard } from "./switchboard.js";

/** @typedef {import("./switchboard.js").Told} Told */

/** How often the worker is asked whether it lives. */
const PULSE_MS = 2000;
/** So many times without a word: it is dead. After once only, the page may have stood still itself. */
const MISSES = 2;

/** A line to the live events. */
export class Line {
  /**
   * @param {string | null} run
   * @param {(told: Told) => void} tell
   */
  constructor(run, tell) {
    this.listener = { run, tell };
    this.listening = false;
    this.missed = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.pulse = undefined;
    /** @type {Switchboard | null} */
    this.board = null;
    this.port = this.shared();
    if (!this.port) this.standAlone();
  }

  /** The way to the shared worker; null where this page can have none. Every call gives a port of its own. */
  shared() {
    try {
      const worker = new SharedWorker("/static/js/stream/worker.js", { type: "module", name: "nanwatch" });
      worker.onerror = () => this.standAlone();
      worker.port.onmessage = ({ data }) => this.hear(data);
      return worker.port;
    } catch {
      return null;
    }
  }

  /** @param {Told | {alive: true}} told by the worker */
  hear(told) {
    this.missed = 0;
    if (this.listening && !("alive" in told)) this.listener.tell(told);
  }

  /** Ask once more, unless nothing came of it for too long. */
  check() {
    if (this.missed >= MISSES) return this.standAlone();
    this.missed += 1;
    this.port?.postMessage({ ask: true });
  }

  /** Have a connection that is not shared. */
  standAlone() {
    if (this.board) return;
    clearInterval(this.pulse);
    this.port?.postMessage({ listen: false });
    this.port?.close();
    this.port = null;
    this.board = new Switchboard((url) => new EventSource(url));
    if (this.listening) this.board.add(this.listener);
  }

  /** Hear from now on. */
  listen() {
    this.listening = true;
    this.port?.postMessage({ listen: true, run: this.listener.run });
    this.board?.add(this.listener);
    clearInterval(this.pulse);
    this.missed = 0;
    if (this.port) this.pulse = setInterval(() => this.check(), PULSE_MS);
  }

  /** Hear no more. */
  leave() {
    this.listening = false;
    clearInterval(this.pulse);
    this.port?.postMessage({ listen: false });
    this.board?.remove(this.listener);
  }

  /** Try at once, if the connection is lost. */
  hurry() {
    this.port?.postMessage({ hurry: true });
    this.board?.hurry();
  }
}
