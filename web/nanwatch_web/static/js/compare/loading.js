/**
 * The runs that are compared: fetched once, finer where one zooms in, anew while they go on.
 * @module
 */

import { get } from "../api.js";
import { clockOf, noClock } from "../charts/axis.js";
import { empty, fromOverview } from "../charts/buckets.js";
import { endsOf } from "../charts/epochs.js";

/** @typedef {import("./align.js").Compared} Compared */

const BUCKETS = 1000;
const MOST_EPOCHS = 50_000;
const LOSSES = ["batch/loss", "epoch/loss"];
const EPOCH_ENDS = "epoch/last_step";
const TIME = "time";

/**
 * A run with its loss.
 * @param {string} id
 * @returns {Promise<Compared>}
 */
export async function fetchRun(id) {
  const path = `/runs/${encodeURIComponent(id)}`;
  const [run, { series }] = await Promise.all([get(path), get(`${path}/series`)]);
  const names = new Set(series.map((/** @type {import("../types").SeriesInfo} */ info) => info.name));
  const name = LOSSES.find((each) => names.has(each));
  const [loss, ends, clock] = await Promise.all([
    name ? overview(path, name) : empty(),
    names.has(EPOCH_ENDS) ? fetchEnds(path) : [],
    names.has(TIME) ? overview(path, TIME).then(clockOf) : noClock(),
  ]);
  const failedAt = loss.nonfinite[0]?.step ?? null;
  return { run, label: run.name, series: name ?? LOSSES[0], loss, ends, clock, failedAt };
}

/**
 * The loss of a run between two steps, finer.
 * @param {Compared} compared
 * @param {[number, number]} steps
 */
export function fetchPart({ run, series }, [from, to]) {
  return overview(`/runs/${encodeURIComponent(run.id)}`, series, { from, to });
}

/**
 * Runs of one name are told apart by their ids.
 * @param {Compared[]} found
 */
export function labelled(found) {
  const names = found.map(({ run }) => run.name);
  return found.map((each) => {
    const { name, id } = each.run;
    return { ...each, label: names.filter((other) => other === name).length > 1 ? `${name} (${id})` : name };
  });
}

/**
 * @param {string} path
 * @param {string} name
 * @param {{from?: number, to?: number}} [window]
 */
async function overview(path, name, window = {}) {
  return fromOverview(await get(`${path}/overview`, { name, buckets: BUCKETS, ...window }));
}

/** @param {string} path */
async function fetchEnds(path) {
  const { steps, values } = await get(`${path}/points`, { name: EPOCH_ENDS, limit: MOST_EPOCHS });
  return endsOf(steps, values);
}
