/**
 * The theme's colours, read from the style sheet for Plotly.
 * @module
 */

const LAYER_SHADES = 12;

/** @type {Map<string, import("../types").Palette>} by theme: asked for with every frame of every chart */
const known = new Map();

/** @returns {import("../types").Palette} */
export function palette() {
  const theme = document.documentElement.dataset.theme ?? "";
  const found = known.get(theme) ?? read();
  known.set(theme, found);
  return found;
}

/** @returns {import("../types").Palette} */
function read() {
  const style = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    font: style.fontFamily,
    ink: color("ink"),
    mut: color("mut"),
    card: color("card"),
    bg: color("bg"),
    line: color("line"),
    grid: color("grid"),
    train: color("train"),
    env: color("env"),
    edge: color("edge"),
    val: color("val"),
    running: color("running"),
    bad: color("bad"),
    band: color("band"),
    warn: color("warn-dot"),
    parts: shades(color("part-first"), color("part-last")),
  };
}

/**
 * Colours between two, in as many steps as a reader can tell apart.
 * @param {string} first as #rrggbb
 * @param {string} last
 */
function shades(first, last) {
  const [a, b] = [channels(first), channels(last)];
  return Array.from({ length: LAYER_SHADES }, (_, i) => {
    const at = i / (LAYER_SHADES - 1);
    return `rgb(${a.map((low, c) => Math.round(low + at * (b[c] - low))).join(",")})`;
  });
}

/** @param {string} hex */
function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
