/**
 * The loss of each run in sight as a small line; red from its first value that is not finite.
 * @module
 */

import { get } from "../api.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {{to: number[], mean: (number | null)[], nonfinite_from: number | null}} Line */

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, PAD] = [96, 22, 2];
const MOST_AT_ONCE = 50;
const SOON_MS = 120;
/** A run that goes on gets a new line this often at most. */
const STALE_MS = 5000;

/** Fetches lines for the rows in sight, several at a time. */
export class Sparklines {
  constructor() {
    /** @type {Map<Element, Run>} */
    this.runs = new Map();
    /** @type {Set<Element>} */
    this.inView = new Set();
    /** @type {Map<string, {step: number | null, at: number}>} what was fetched of a run, and when */
    this.fetched = new Map();
    this.timer = 0;
    this.watcher = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: "300px" });
  }

  /**
   * Keep a cell's line up to date.
   * @param {Element} cell
   * @param {Run} run
   */
  follow(cell, run) {
    if (!this.runs.has(cell)) this.watcher.observe(cell);
    this.runs.set(cell, run);
    this.soon();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  seen(entries) {
    for (const { isIntersecting, target } of entries)
      if (isIntersecting) this.inView.add(target);
      else this.inView.delete(target);
    this.soon();
  }

  soon() {
    if (!this.timer) this.timer = window.setTimeout(() => void this.fetch().catch(() => {}), SOON_MS);
  }

  async fetch() {
    this.timer = 0;
    const cells = [...this.inView].filter((cell) => cell.isConnected && this.isOld(cell)).slice(0, MOST_AT_ONCE);
    if (!cells.length || document.hidden) return;
    const runs = cells.map((cell) => /** @type {Run} */ (this.runs.get(cell)));
    for (const run of runs) this.fetched.set(run.id, { step: run.last_step, at: performance.now() });
    const query = runs.map(({ id }) => `run=${encodeURIComponent(id)}`).join("&");
    const { sparklines } = await get(`/sparklines?${query}`);
    cells.forEach((cell, i) => draw(cell, sparklines[runs[i].id]));
    this.soon();
  }

  /** @param {Element} cell */
  isOld(cell) {
    const run = this.runs.get(cell);
    const known = this.fetched.get(run?.id ?? "");
    return !known || (known.step !== run?.last_step && performance.now() - known.at > STALE_MS);
  }
}

/**
 * Where the line goes: the finite means over the steps, between the least and the greatest of them.
 * @param {Line} line
 */
export function pathOf({ to, mean }) {
  const finite = mean.filter((value) => value !== null);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const last = to[to.length - 1] || 1;
  const x = (/** @type {number} */ step) => PAD + (step / last) * (WIDTH - 2 * PAD);
  const y = (/** @type {number} */ value) =>
    HEIGHT - PAD - (high > low ? (value - low) / (high - low) : 0.5) * (HEIGHT - 2 * PAD);
  let pen = "M";
  const parts = to.map((step, i) => {
    const value = mean[i];
    const part = value === null ? "" : `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = value === null ? "M" : "L";
    return part;
  });
  return parts.join("");
}

/**
 * @param {Element} cell
 * @param {Line | null} line
 */
function draw(cell, line) {
  if (!line) return cell.replaceChildren();
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("aria-hidden", "true");
  if (line.nonfinite_from !== null) svg.append(bandOf(line.nonfinite_from, line.to[line.to.length - 1] || 1));
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", pathOf(line));
  svg.append(path);
  cell.replaceChildren(svg);
}

/**
 * @param {number} from
 * @param {number} last
 */
function bandOf(from, last) {
  const band = document.createElementNS(SVG, "rect");
  const x = Math.min(WIDTH - 2 * PAD, (from / last) * (WIDTH - 2 * PAD)) + PAD;
  const place = { x, y: 0, width: Math.max(2, WIDTH - x), height: HEIGHT };
  for (const [name, value] of Object.entries(place)) band.setAttribute(name, String(value));
  return band;
}
