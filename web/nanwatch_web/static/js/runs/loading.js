/**
 * All runs of the server, a page at a time: the newest are there at once, the rest follows.
 * @module
 */

import { get } from "../api.js";

/** @typedef {import("../types").Run} Run */

const FIRST_PAGE = 100;
const PAGE = 500;
const MOST = 20_000;

/** The runs that are known. */
export class Runs {
  /** @param {() => void} changed called whenever there is something new to show */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<string, Run>} */
    this.known = new Map();
    this.loaded = false;
    /** When all of them have come. */
    this.rest = Promise.resolve();
    /** Whether the server has more than are kept here. */
    this.more = false;
    /** Counts the loads: a newer one ends those before it. */
    this.turn = 0;
  }

  /**
   * Fetch all runs anew. What is gone at the server goes here, once all have come.
   * @returns {Promise<void>} when the newest are there
   */
  async load() {
    const turn = ++this.turn;
    const first = await get("/runs", { limit: FIRST_PAGE });
    if (turn !== this.turn) return;
    const seen = new Set(this.keepAll(first.runs));
    this.loaded = true;
    this.rest = this.follow(turn, first.next, seen).catch(() => void (this.more = true));
  }

  /**
   * @param {number} turn
   * @param {string | null} next
   * @param {Set<string>} seen
   */
  async follow(turn, next, seen) {
    for (let cursor = next; cursor !== null && seen.size < MOST; ) {
      const page = await get("/runs", { limit: PAGE, cursor });
      if (turn !== this.turn) return;
      this.keepAll(page.runs).forEach((id) => seen.add(id));
      cursor = page.next;
      this.more = cursor !== null;
      this.changed();
    }
    if (!this.more) for (const id of [...this.known.keys()]) if (!seen.has(id)) this.known.delete(id);
    this.changed();
  }

  /** @param {Run[]} runs */
  keepAll(runs) {
    runs.forEach((run) => this.keep(run));
    return runs.map(({ id }) => id);
  }

  /** @param {Run} run as a whole, or what is new of it */
  keep(run) {
    this.known.set(run.id, { ...this.known.get(run.id), ...run });
  }
}
