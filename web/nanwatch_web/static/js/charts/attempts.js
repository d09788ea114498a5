/**
 * A run that was taken up again, or went back: what the latest attempt lies over stays to be seen. Pure.
 * @module
 */

import { integer } from "../format.js";
import { across } from "./axis.js";
import { place } from "./place.js";
import { lineTrace } from "./traces.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("./figure.js").Scene} Scene */

/**
 * @typedef {object} Attempt what one writer said of a series while its steps rose
 * @property {number} attempt its number, from 0 on; a later one lies on top
 * @property {number} from
 * @property {number} to
 * @property {number} n
 */

/**
 * @typedef {object} Earlier
 * @property {Attempt[]} attempts all of them, the latest last
 * @property {Map<number, Buckets>} buckets of earlier ones, by their number
 */

const ROLES = ["train", "val", "epoch"];
const FAINT = 0.4;

/**
 * The lines of what was said before.
 * @param {Scene} scene
 * @param {boolean} log
 * @returns {Placed[]}
 */
export function earlierLines(scene, log) {
  const { spec, view, earlier } = scene;
  return spec.lines
    .filter(({ role }) => ROLES.includes(role))
    .flatMap((line) =>
      [...(earlier?.get(line.series)?.buckets ?? [])].map(([number, buckets]) => {
        const named = { ...line, label: `${line.label}, attempt ${number + 1}` };
        return place(named, buckets, view, scene, log);
      }),
    );
}

/**
 * They lie faint below the others.
 * @param {Placed} placed
 * @param {import("../types").Palette} palette
 */
export function earlierTrace(placed, palette) {
  return { ...lineTrace(placed, palette, { index: 0, of: 1 }), opacity: FAINT };
}

/**
 * Lines where later attempts begin, on the large chart.
 * @param {Scene} scene
 */
export function attemptShapes(scene) {
  const toPlace = across(scene.view.x, scene);
  return begun(scene).map(({ from }) => {
    const x = toPlace(from);
    const line = { color: scene.palette.mut, width: 1, dash: "dash" };
    return { type: "line", name: "attempt", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line, layer: "below" };
  });
}

/**
 * What these lines are.
 * @param {Scene} scene
 */
export function attemptLabels(scene) {
  const toPlace = across(scene.view.x, scene);
  return begun(scene).map(({ attempt, from }) => ({
    name: "attempt",
    text: `attempt ${attempt + 1}`,
    x: toPlace(from),
    y: 0,
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    xshift: 2,
    showarrow: false,
    font: { size: 10, color: scene.palette.mut },
  }));
}

/**
 * In one sentence, for those who cannot see it; nothing of a chart of one attempt.
 * @param {Map<string, Earlier>} earlier
 */
export function attemptWords(earlier) {
  const several = [...earlier.values()].find(({ attempts }) => attempts.length > 1);
  const last = several?.attempts[several.attempts.length - 1];
  return last ? ` Attempt ${last.attempt + 1} begins at step ${integer(last.from)}; earlier ones are drawn faint.` : "";
}

/**
 * The attempts behind the first at what the large chart shows, as far as they begin in its window.
 * @param {Scene} scene
 */
function begun({ spec, view, extent, earlier }) {
  const line = spec.big ? spec.lines.find(({ role }) => role === "train") : undefined;
  const [low, high] = view.range ?? extent;
  const known = (line && earlier?.get(line.series)?.attempts) ?? [];
  return known.slice(1).filter(({ from }) => from >= low && from <= high);
}
