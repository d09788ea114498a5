/**
 * The earlier attempts at the series of a run: listed and fetched beside what lies on top.
 * @module
 */

import { get } from "../api.js";
import { fromOverview } from "../charts/buckets.js";

/** @typedef {import("../charts/attempts.js").Attempt} Attempt */
/** @typedef {import("../charts/attempts.js").Earlier} Earlier */

/** So many of them are drawn, the latest. */
const MOST = 3;
/** @type {Earlier} */
const NONE = { attempts: [], buckets: new Map() };

/** What is known of the attempts of one run. */
export class Attempts {
  /** @param {string} path of the run */
  constructor(path) {
    this.path = path;
    /** @type {Map<string, Earlier>} */
    this.whole = new Map();
    /** @type {Map<string, Earlier>} finer, of the zoomed window */
    this.part = new Map();
  }

  /**
   * Fetch those that lie under the latest, as a chart shows it.
   * @param {string} name
   * @param {Attempt[]} attempts all of them
   * @param {{buckets: number, from?: number, to?: number}} query
   */
  async follow(name, attempts, query) {
    const found = query.from === undefined ? this.whole : this.part;
    if (attempts.length < 2) {
      found.delete(name);
      return;
    }
    const fetched = hidden(attempts).map(async ({ attempt, from }) => {
      const part = { ...query, from: Math.max(from, query.from ?? 0) };
      const answer = await get(`${this.path}/overview`, { name, attempt, ...part });
      return /** @type {[number, import("../types").Buckets]} */ ([attempt, fromOverview(answer)]);
    });
    found.set(name, { attempts, buckets: new Map(await Promise.all(fetched)) });
  }

  /**
   * @param {string} name
   * @param {boolean} zoomed
   */
  of(name, zoomed) {
    return (zoomed ? this.part.get(name) : undefined) ?? this.whole.get(name) ?? NONE;
  }
}

/**
 * What later attempts lie over of earlier ones.
 * @param {Attempt[]} attempts
 */
function hidden(attempts) {
  const below = attempts.slice(0, -1).map((one, at) => {
    const over = Math.min(...attempts.slice(at + 1).map(({ from }) => from));
    return { ...one, from: Math.max(one.from, over) };
  });
  return below.filter(({ from, to }) => from <= to).slice(-MOST);
}
