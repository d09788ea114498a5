/**
 * Rails: strips above the plot for NaN, +Inf and −Inf, and below a log axis for zero and less.
 * A value without a place on the axis gets a mark there, never an invented height. One more rail shows
 * where something else was diagnosed. Pure.
 * @module
 */

/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("../types").Palette} Palette */
/** @typedef {Placed["marks"][number]["kind"]} RailKind */

const RAIL_PX = 17;
const GAP_PX = 3;
const MARK_PX = 5;

/** @type {{kind: RailKind, word: string, symbol: string, above: boolean}[]} */
const RAILS = [
  { kind: "nan", word: "NaN", symbol: "triangle-down", above: true },
  { kind: "pinf", word: "+Inf", symbol: "triangle-up", above: true },
  { kind: "ninf", word: "−Inf", symbol: "diamond", above: true },
  { kind: "told", word: "Alerts", symbol: "circle", above: true },
  { kind: "nonpositive", word: "≤ 0", symbol: "line-ns-open", above: false },
];

/**
 * The rails that these lines need, and the part of the height that is left for the plot.
 * @param {Placed[]} lines
 * @param {{height: number, pixel: number}} size the height of plot and rails in pixels, and how much of
 *   the horizontal axis a pixel covers
 * @param {Palette} palette
 */
export function rails(lines, { height, pixel }, palette) {
  const needed = RAILS.filter(({ kind }) =>
    lines.some((line) => line.marks.some((mark) => mark.kind === kind)),
  );
  const above = needed.filter((rail) => rail.above);
  const share = (/** @type {number} */ px) => px / Math.max(height, 1);
  const bottom = needed.length > above.length ? share(RAIL_PX + GAP_PX) : 0;
  const top = 1 - above.length * share(RAIL_PX + GAP_PX);
  const strips = needed.map((rail, i) => strip(rail, i, above, top, share));
  return {
    domain: /** @type {[number, number]} */ ([bottom, top]),
    traces: strips.flatMap((each) => traces(each, lines, pixel * MARK_PX, palette)),
    axes: Object.fromEntries(strips.map((each) => [`yaxis${each.axis}`, axisOf(each, palette)])),
    shapes: strips.map((each) => background(each, palette)),
  };
}

/** @typedef {(typeof RAILS)[number] & {axis: number, domain: [number, number]}} Strip */

/**
 * @param {(typeof RAILS)[number]} rail
 * @param {number} i
 * @param {(typeof RAILS)} above
 * @param {number} top
 * @param {(px: number) => number} share
 * @returns {Strip}
 */
function strip(rail, i, above, top, share) {
  const place = above.length - 1 - above.indexOf(rail);
  const low = rail.above ? top + share(GAP_PX) + place * share(RAIL_PX + GAP_PX) : 0;
  return { ...rail, axis: i + 3, domain: [low, Math.min(low + share(RAIL_PX), 1)] };
}

/**
 * @param {Strip} rail
 * @param {Placed[]} lines
 * @param {number} gap between two marks that can be told apart
 * @param {Palette} palette
 */
function traces(rail, lines, gap, palette) {
  return lines
    .map((line) => ({ line: line.line, marks: line.marks.filter((mark) => mark.kind === rail.kind) }))
    .filter(({ marks }) => marks.length)
    .map(({ line, marks }) => railTrace(rail, line.label, apart(marks, gap), palette));
}

/**
 * The first mark and then only those that do not cover one another.
 * @param {Placed["marks"]} marks
 * @param {number} gap
 */
export function apart(marks, gap) {
  let last = -Infinity;
  return marks.filter(({ x }) => x - last >= gap && ((last = x), true));
}

/**
 * @param {Strip} rail
 * @param {string} label
 * @param {Placed["marks"]} marks
 * @param {Palette} palette
 */
function railTrace(rail, label, marks, palette) {
  const color = colorOf(rail, palette);
  return {
    type: "scatter",
    mode: "markers",
    name: rail.word,
    meta: label,
    cliponaxis: false,
    x: marks.map((mark) => mark.x),
    y: marks.map(() => 0),
    yaxis: `y${rail.axis}`,
    customdata: marks.map((mark) => mark.step),
    text: marks.map((mark) => mark.words ?? rail.word),
    marker: {
      symbol: rail.symbol,
      size: 9,
      color,
      line: { color: rail.above ? palette.card : color, width: 1 },
    },
    hovertemplate: "%{text}<extra></extra>",
  };
}

/**
 * @param {Strip} rail
 * @param {Palette} palette
 */
function colorOf({ kind, above }, palette) {
  if (kind === "told") return palette.warn;
  return above ? palette.bad : palette.ink;
}

/**
 * @param {Strip} rail
 * @param {Palette} palette
 */
function axisOf(rail, palette) {
  const isBad = rail.above && rail.kind !== "told";
  const color = isBad ? palette.bad : palette.mut;
  return {
    domain: rail.domain,
    range: [-1, 1],
    fixedrange: true,
    showgrid: false,
    zeroline: false,
    ticks: "",
    tickmode: "array",
    tickvals: [0],
    ticktext: [rail.word],
    tickfont: { color },
    linecolor: palette.line,
  };
}

/**
 * @param {Strip} rail
 * @param {Palette} palette
 */
function background(rail, palette) {
  const [y0, y1] = rail.domain;
  return {
    type: "rect",
    xref: "paper",
    yref: "paper",
    x0: 0,
    x1: 1,
    y0,
    y1,
    fillcolor: palette.bg,
    line: { width: 0 },
    layer: "below",
  };
}
