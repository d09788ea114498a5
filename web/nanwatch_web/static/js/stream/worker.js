/**
 * The connection that all pages of a browser share: a browser has six to a host, and every page needs
 * some to fetch with.
 * @module
 */

import { Switchboard } from "./switchboard.js";

const board = new Switchboard((url) => new EventSource(url));

addEventListener("connect", (event) => connect(/** @type {MessageEvent} */ (event).ports[0]));

/** @param {MessagePort} port of a page */
function connect(port) {
  /** @type {import("./switchboard.js").Listener | null} */
  let listener = null;
  port.onmessage = ({ data }) => {
    if (data.ask) return port.postMessage({ alive: true });
    if (data.hurry) return board.hurry();
    if (listener) board.remove(listener);
    listener = data.listen ? { run: data.run, tell: (told) => port.postMessage(told) } : null;
    if (listener) board.add(listener);
  };
}
