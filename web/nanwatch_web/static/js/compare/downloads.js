/**
 * The compared losses as a file: a picture, or their numbers.
 * @module
 */

import { MOST_POINTS } from "../chart_menu.js";
import { bucketsCsv, pointsCsv } from "../charts/csv.js";
import { palette } from "../charts/palette.js";
import { framed, SIZE, standing } from "../charts/picture.js";
import { exactPoints, manyBuckets, saveCsv, savePicture } from "../files.js";
import { commonUnit, stepsOf } from "./align.js";
import { below } from "./figure.js";

/** @typedef {import("./chart.js").CompareChart} CompareChart */

/**
 * @param {CompareChart} chart
 * @param {import("../chart_menu.js").PictureFormat} format
 */
export async function downloadPicture(chart, format) {
  const colours = palette();
  const [, unit] = commonUnit(chart.all);
  const drawn = chart.figure(SIZE, standing(colours));
  const words = { title: `Loss of ${chart.all.length} runs`, below: below(chart.question.align, unit) };
  await savePicture(framed(drawn, { ...words, palette: colours }), format, nameOf(chart));
}

/** @param {CompareChart} chart */
export async function downloadCsv(chart) {
  const whole = chart.points() <= MOST_POINTS;
  const text = whole
    ? pointsCsv(await Promise.all(asked(chart).map(async ([run, given]) => ({ run, ...(await exactPoints(...given)) }))))
    : bucketsCsv(await Promise.all(asked(chart).map(async ([run, given]) => ({ run, ...(await manyBuckets(...given)) }))));
  saveCsv(text, `${nameOf(chart)}-${whole ? "points" : "buckets"}`);
}

/**
 * What is fetched of each run: its path, the series, and the steps in view.
 * @param {CompareChart} chart
 * @returns {[string, [string, string, import("../files.js").Window]][]} by the run's name
 */
function asked({ all, question: { align, range } }) {
  const unit = commonUnit(all);
  return all.flatMap((each) => {
    const steps = range && stepsOf(each, align, range, unit);
    if (range && !steps) return [];
    const path = `/runs/${encodeURIComponent(each.run.id)}`;
    return [[each.label, [path, each.series, steps ? { from: steps[0], to: steps[1] } : {}]]];
  });
}

/** @param {CompareChart} chart */
function nameOf({ all }) {
  return `${all.map(({ run }) => run.name).join("-")}-Loss`;
}
