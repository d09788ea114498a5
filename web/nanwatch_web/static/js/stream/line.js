/**
 * The way from a page to the connection that it shares with the browser's other pages. Where a browser
 * knows no shared workers, the page has one of its own.
 * @module
 */

import { Switchboard } from "./switchboard.js";

/** @typedef {import("./switchboard.js").Told} Told */

/** A line to the live events. */
export class Line {
  /**
   * @param {string | null} run
   * @param {(told: Told) => void} tell
   */
  constructor(run, tell) {
    this.listener = { run, tell };
    this.port = "SharedWorker" in window ? shared().port : null;
    this.board = this.port ? null : new Switchboard((url) => new EventSource(url));
    if (this.port) this.port.onmessage = ({ data }) => this.listening && tell(data);
    this.listening = false;
  }

  /** Hear from now on. */
  listen() {
    this.listening = true;
    this.port?.postMessage({ listen: true, run: this.listener.run });
    this.board?.add(this.listener);
  }

  /** Hear no more. */
  leave() {
    this.listening = false;
    this.port?.postMessage({ listen: false });
    this.board?.remove(this.listener);
  }

  /** Try at once, if the connection is lost. */
  hurry() {
    this.port?.postMessage({ hurry: true });
    this.board?.hurry();
  }
}

/** Every call gives a port of its own to the same worker. */
function shared() {
  return new SharedWorker("/static/js/stream/worker.js", { type: "module", name: "nanwatch" });
}
