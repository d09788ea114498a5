/**
 * The series of one run: fetched in buckets, grown by live points.
 * @module
 */

import { get } from "../api.js";
import { clockOf, noClock } from "../charts/axis.js";
import { append, condense, empty, fromOverview, lastStep } from "../charts/buckets.js";
import { endsOf } from "../charts/epochs.js";
import { PACE, paceOf, sourceOf, TIME } from "../charts/pace.js";
import { Attempts } from "./attempts.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").SeriesInfo} SeriesInfo */
/** @typedef {Record<string, {steps: number[], values: import("../types").Num[]}>} LivePoints */

const EPOCH_ENDS = "epoch/last_step";
const TIME_BUCKETS = 500;
/** What came just now needs not come again; live points have been added since. */
const FRESH_MS = 3000;
/** Room for live points behind the last one, in seconds of training. */
const AHEAD_S = 4;
const MOST_EPOCHS = 50_000;
/** Live points may grow a curve this much beyond its buckets before neighbours are merged. */
const ROOM = 2;

/** What is known of a run's curves. */
export class RunSeries {
  /** @param {string} runId */
  constructor(runId) {
    this.path = `/runs/${encodeURIComponent(runId)}`;
    /** @type {SeriesInfo[]} */
    this.infos = [];
    /** @type {Map<string, Buckets>} */
    this.whole = new Map();
    /** @type {Map<string, Buckets>} finer buckets of the zoomed window */
    this.part = new Map();
    /** @type {Map<string, number>} before which step only buckets are kept, by series of a thinned run */
    this.exactFrom = new Map();
    /** @type {number[]} last step of each epoch */
    this.ends = [];
    /** What the clock was made of, and the clock. */
    this.told = { time: empty(), n: 0, clock: noClock() };
    /** Steps a second, as they come. */
    this.pace = 0;
    this.paced = { at: 0, step: 0 };
    /** @type {Map<string, LivePoints[]>} points that came while a series was on its way */
    this.waiting = new Map();
    this.attempts = new Attempts(this.path);
    /** @type {Map<string, Promise<void>>} */
    this.fetches = new Map();
    /** @type {Map<string, {at: number, buckets: number}>} when a whole series came, and how fine */
    this.fetched = new Map();
  }

  /** Fetch which series there are and where the epochs end. What was fetched before may be old now. */
  async refresh() {
    this.fetched.clear();
    const { series } = await get(`${this.path}/series`);
    this.infos = series;
    await Promise.all([
      this.has(EPOCH_ENDS) && this.fetchEnds(),
      this.has(TIME) && this.fetchWhole(TIME, TIME_BUCKETS),
    ]);
  }

  /** When steps were; empty for a run that did not tell. */
  get clock() {
    const time = this.whole.get(TIME);
    if (!time) return noClock();
    const { told } = this;
    if (told.time !== time || told.n !== time.from.length) this.told = { time, n: time.from.length, clock: clockOf(time) };
    return this.told.clock;
  }

  /** @param {string} name */
  has(name) {
    return this.infos.some((info) => info.name === name);
  }

  /**
   * Fetch a series over the whole run; once, when it is asked for twice at a time.
   * @param {string} wanted
   * @param {number} buckets
   * @returns {Promise<void>}
   */
  fetchWhole(wanted, buckets) {
    const name = sourceOf(wanted);
    const known = this.fetches.get(name);
    if (known) return known;
    const last = this.fetched.get(name);
    if (last && last.buckets >= buckets && performance.now() - last.at < FRESH_MS) return Promise.resolve();
    const fetching = this.fetchAndCatchUp(name, buckets).finally(() => this.fetches.delete(name));
    this.fetches.set(name, fetching);
    return fetching;
  }

  /**
   * @param {string} name
   * @param {number} buckets
   */
  async fetchAndCatchUp(name, buckets) {
    this.waiting.set(name, []);
    const answer = await get(`${this.path}/overview`, { name, buckets });
    if (answer.exact_from !== null) this.exactFrom.set(name, answer.exact_from);
    await this.attempts.follow(name, answer.attempts, { buckets });
    const found = fromOverview(answer);
    this.waiting.get(name)?.forEach((points) => append(found, points[name].steps, points[name].values));
    this.waiting.delete(name);
    this.whole.set(name, found);
    this.fetched.set(name, { at: performance.now(), buckets });
  }

  /**
   * Fetch a series in a window, finer.
   * @param {string} series
   * @param {[number, number]} window
   * @param {number} buckets
   * @param {() => boolean} wanted whether it is still wanted when it arrives
   */
  async fetchPart(series, [from, to], buckets, wanted) {
    const name = sourceOf(series);
    const window = { from: Math.floor(from), to: Math.ceil(to) };
    const answer = await get(`${this.path}/overview`, { name, buckets, ...window });
    if (!wanted()) return;
    this.part.set(name, fromOverview(answer));
    await this.attempts.follow(name, answer.attempts, { buckets, ...window });
  }

  /**
   * Add live points.
   * @param {LivePoints} points by series
   * @param {number} buckets how many a curve may have
   * @returns {boolean} whether a series came that is not known yet
   */
  add(points, buckets) {
    for (const [name, { steps, values }] of Object.entries(points)) {
      this.waiting.get(name)?.push(points);
      const known = this.whole.get(name);
      if (!known) continue;
      append(known, steps, values);
      this.whole.set(name, condense(known, buckets * ROOM));
      const part = this.part.get(name);
      if (part) append(part, steps, values);
    }
    this.measure();
    if (points[EPOCH_ENDS]) this.addEnds(points[EPOCH_ENDS]);
    return Object.keys(points).some((name) => !this.has(name));
  }

  /**
   * Whether live points lie behind what is shown: of a run that goes on from an earlier step, unless
   * they were fetched just before.
   * @param {LivePoints} points by series
   */
  goesBack(points) {
    return Object.entries(points).some(([name, { steps }]) => {
      const known = this.whole.get(name);
      return known !== undefined && steps[steps.length - 1] <= lastStep(known);
    });
  }

  /** How fast steps come, taken anew every few seconds. */
  measure() {
    const [now, step] = [performance.now() / 1000, this.last()];
    const passed = now - this.paced.at;
    if (passed < AHEAD_S) return;
    this.pace = this.paced.at && passed < 10 * AHEAD_S ? (step - this.paced.step) / passed : 0;
    this.paced = { at: now, step };
  }

  /**
   * @param {string} name
   * @param {boolean} zoomed
   * @returns {Buckets}
   */
  of(name, zoomed) {
    if (name === PACE) return paceOf(this.of(TIME, zoomed));
    return (zoomed ? this.part.get(name) : undefined) ?? this.whole.get(name) ?? empty();
  }

  /**
   * The last step that any curve over steps has reached.
   * @returns {number}
   */
  last() {
    const overSteps = [...this.whole].filter(([name]) => !name.startsWith("epoch/"));
    const curves = overSteps.length ? overSteps : [...this.whole];
    return Math.max(0, ...curves.map(([, buckets]) => lastStep(buckets)), ...this.ends.slice(-1));
  }

  /**
   * The first and the last step, and room for what comes while charts rest.
   * @returns {[number, number]}
   */
  extent() {
    return [0, this.last() + this.pace * AHEAD_S];
  }

  async fetchEnds() {
    const { steps, values } = await get(`${this.path}/points`, { name: EPOCH_ENDS, limit: MOST_EPOCHS });
    this.ends = endsOf(steps, values);
  }

  /** @param {LivePoints[string]} points */
  addEnds({ steps, values }) {
    const known = this.ends.map((_, epoch) => epoch);
    this.ends = endsOf([...known, ...steps], [...this.ends, ...values]);
  }
}
