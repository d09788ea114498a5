/**
 * A series in buckets: from the server's overview, grown by live points, kept small. Pure.
 * @module
 */

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").Kind} Kind */

/** More marks than a chart has pixels tell nothing more. */
const MOST_MARKS = 4000;

/** @type {Record<string, Kind>} */
const KINDS = {
  nan: "nan",
  pinf: "pinf",
  inf: "pinf",
  "+inf": "pinf",
  infinity: "pinf",
  ninf: "ninf",
  "-inf": "ninf",
  "-infinity": "ninf",
};

/** @returns {Buckets} */
export function empty() {
  return { from: [], to: [], min: [], max: [], mean: [], n: [], nonfinite: [] };
}

/**
 * The answer of the overview route.
 * @param {any} json
 * @returns {Buckets}
 */
export function fromOverview(json) {
  const listed = json.nonfinite.map((/** @type {any} */ mark) => ({
    step: mark.step,
    kind: kindOf(mark.kind),
  }));
  const { from, to, min, max, mean, n } = json;
  return { from, to, min, max, mean, n, nonfinite: [...listed, ...unlisted(from, mean, listed)] };
}

/**
 * The server lists the first non-finite points only. Behind them a bucket without any finite value
 * is known to begin with one; its kind is taken to be that of the last one listed.
 * @param {number[]} from
 * @param {(number | null)[]} mean
 * @param {import("../types").Mark[]} listed
 */
function unlisted(from, mean, listed) {
  const last = listed[listed.length - 1];
  if (!last) return [];
  return from
    .filter((step, i) => step > last.step && mean[i] === null)
    .map((step) => ({ step, kind: last.kind }));
}

/**
 * Add live points behind the last bucket. Points that are already covered are left out, because
 * what was fetched and what arrives overlap after a reconnection.
 * @param {Buckets} buckets changed in place
 * @param {number[]} steps ascending
 * @param {import("../types").Num[]} values
 * @returns {number} how many were new
 */
export function append(buckets, steps, values) {
  let added = 0;
  steps.forEach((step, i) => {
    if (step <= lastStep(buckets)) return;
    push(buckets, step, Number(values[i]));
    added += 1;
  });
  return added;
}

/**
 * Merge neighbours when there are more than `limit` buckets, down to half of it.
 * @param {Buckets} buckets
 * @param {number} limit
 * @returns {Buckets} the same object when nothing was to do
 */
export function condense(buckets, limit) {
  if (buckets.from.length <= limit) return buckets;
  const width = ((lastStep(buckets) - buckets.from[0] + 1) / limit) * 2;
  const merged = empty();
  buckets.from.forEach((_, i) => mergeOrPush(merged, buckets, i, width));
  merged.nonfinite = thin(buckets.nonfinite, MOST_MARKS);
  return merged;
}

/**
 * Only the buckets that touch the steps from..to.
 * @param {Buckets} buckets
 * @param {number} from
 * @param {number} to
 * @returns {Buckets}
 */
export function within(buckets, from, to) {
  const kept = buckets.from.map((_, i) => i).filter((i) => buckets.to[i] >= from && buckets.from[i] <= to);
  /** @template T @param {T[]} column */
  const pick = (column) => kept.map((i) => column[i]);
  return {
    from: pick(buckets.from),
    to: pick(buckets.to),
    min: pick(buckets.min),
    max: pick(buckets.max),
    mean: pick(buckets.mean),
    n: pick(buckets.n),
    nonfinite: buckets.nonfinite.filter((mark) => mark.step >= from && mark.step <= to),
  };
}

/**
 * The step where a bucket's mean is drawn: the middle of the bucket, but before the non-finite
 * points at its end and behind those at its beginning, so that no finite value stands in a stretch
 * of NaN.
 * @param {Buckets} buckets
 * @returns {number[]}
 */
export function centres(buckets) {
  const bad = new Set(buckets.nonfinite.map((mark) => mark.step));
  return buckets.from.map((from, i) => {
    let [low, high] = [from, buckets.to[i]];
    while (high > low && bad.has(high)) high -= 1;
    while (low < high && bad.has(low)) low += 1;
    return (low + high) / 2;
  });
}

/** @param {Buckets} buckets */
export function lastStep(buckets) {
  return buckets.to.length ? buckets.to[buckets.to.length - 1] : -1;
}

/**
 * The last finite mean and its bucket's last step.
 * @param {Buckets} buckets
 */
export function lastFinite(buckets) {
  for (let i = buckets.mean.length - 1; i >= 0; i -= 1) {
    const value = buckets.mean[i];
    if (value !== null) return { step: buckets.to[i], value };
  }
  return null;
}

/**
 * Keep the first mark of all and at most `most`, evenly.
 * @template T
 * @param {T[]} marks
 * @param {number} most
 * @returns {T[]}
 */
function thin(marks, most) {
  const every = Math.ceil(marks.length / most);
  return every <= 1 ? marks : marks.filter((_, i) => i % every === 0);
}

/**
 * @param {Buckets} buckets
 * @param {number} step
 * @param {number} value
 */
function push(buckets, step, value) {
  const finite = Number.isFinite(value) ? value : null;
  buckets.from.push(step);
  buckets.to.push(step);
  buckets.min.push(finite);
  buckets.max.push(finite);
  buckets.mean.push(finite);
  buckets.n.push(1);
  if (finite === null) buckets.nonfinite.push({ step, kind: kindOfValue(value) });
}

/**
 * @param {Buckets} into
 * @param {Buckets} source
 * @param {number} i
 * @param {number} width
 */
function mergeOrPush(into, source, i, width) {
  const at = into.from.length - 1;
  const joins =
    at >= 0 && source.to[i] - into.from[at] < width && (into.mean[at] === null) === (source.mean[i] === null);
  if (joins) merge(into, at, source, i);
  else copy(into, source, i);
}

/**
 * @param {Buckets} into
 * @param {number} at
 * @param {Buckets} source
 * @param {number} i
 */
function merge(into, at, source, i) {
  const [mean, other] = [into.mean[at], source.mean[i]];
  if (mean !== null && other !== null) {
    into.mean[at] = (mean * into.n[at] + other * source.n[i]) / (into.n[at] + source.n[i]);
    into.min[at] = Math.min(Number(into.min[at]), Number(source.min[i]));
    into.max[at] = Math.max(Number(into.max[at]), Number(source.max[i]));
  }
  into.to[at] = source.to[i];
  into.n[at] += source.n[i];
}

/**
 * @param {Buckets} into
 * @param {Buckets} source
 * @param {number} i
 */
function copy(into, source, i) {
  into.from.push(source.from[i]);
  into.to.push(source.to[i]);
  into.min.push(source.min[i]);
  into.max.push(source.max[i]);
  into.mean.push(source.mean[i]);
  into.n.push(source.n[i]);
}

/** @param {string} word */
function kindOf(word) {
  return KINDS[word.toLowerCase()] ?? "nan";
}

/** @param {number} value */
function kindOfValue(value) {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "pinf" : "ninf";
}
