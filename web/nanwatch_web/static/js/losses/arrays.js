/**
 * Arrays of numbers: their text, their shape, their rows. Pure.
 * @module
 */

/** @typedef {{shape: number[], data: number[]}} NumberArray in row-major order */
/** @typedef {import("../types").Nested} Nested */

const MOST = 256;
/** @type {Record<string, string>} */
const PAIRS = { "[": "]", "(": ")" };
/** @type {Record<string, number>} */
const WORDS = { nan: NaN, inf: Infinity, infinity: Infinity, true: 1, false: 0 };

/** Something typed that cannot be computed with; the message is for people. */
export class InputError extends Error {
  /**
   * @param {string} field where it was typed
   * @param {string} message
   */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/**
 * Read lists as Python, NumPy or JSON write them: [[0, 1], [.5, nan]].
 * @param {string} field the name of what is typed, for messages
 * @param {string} text
 * @returns {NumberArray}
 */
export function parse(field, text) {
  const tokens = text
    .replaceAll(/[[\]()]/g, " $& ")
    .split(/[\s,]+/)
    .filter(Boolean);
  if (!tokens.length) throw new InputError(field, "Type a list of numbers, such as [[0], [1]].");
  const nested = listOf(field, tokens);
  if (tokens.length) throw new InputError(field, `“${tokens[0]}” stands behind the end of the list.`);
  const data = flat(nested);
  if (data.length > MOST) throw new InputError(field, `${data.length} numbers: at most ${MOST} are shown.`);
  return { shape: shapeOf(field, nested), data };
}

/**
 * The same as text.
 * @param {NumberArray} array
 * @param {(value: number) => string} [word]
 * @returns {string}
 */
export function format({ shape, data }, word = String) {
  if (!shape.length) return word(data[0]);
  const size = data.length / shape[0];
  const items = Array.from({ length: shape[0] }, (_, i) =>
    format({ shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) }, word),
  );
  return `[${items.join(", ")}]`;
}

/**
 * A shape as Python writes it: (4,), (2, 3).
 * @param {number[]} shape
 */
export function shapeWords(shape) {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/**
 * The place of an element: [1][0].
 * @param {number[]} shape
 * @param {number} index in row-major order
 */
export function placeWords(shape, index) {
  const places = shape.map((length, axis) => {
    const below = shape.slice(axis + 1).reduce((all, each) => all * each, 1);
    return Math.floor(index / below) % length;
  });
  return places.map((place) => `[${place}]`).join("");
}

/**
 * The array along its last axis.
 * @template T
 * @param {T[]} values
 * @param {number} length of a row
 * @returns {T[][]}
 */
export function rows(values, length) {
  return Array.from({ length: values.length / length }, (_, i) => values.slice(i * length, (i + 1) * length));
}

/**
 * @param {string} field
 * @param {string[]} tokens those used up are taken out
 * @returns {Nested}
 */
function listOf(field, tokens) {
  const token = tokens.shift();
  if (token === undefined) throw new InputError(field, "A bracket is not closed.");
  if (!(token in PAIRS)) return numberOf(field, token);
  const items = [];
  while (tokens[0] !== PAIRS[token]) items.push(listOf(field, tokens));
  tokens.shift();
  if (!items.length) throw new InputError(field, "An empty list has no loss.");
  return items;
}

/**
 * @param {string} field
 * @param {string} token
 */
function numberOf(field, token) {
  const word = token
    .toLowerCase()
    .replace(/^([+-]?)np\./, "$1")
    .replace(/^\+/, "");
  const name = word.replace(/^-/, "");
  if (name in WORDS) return word === name ? WORDS[name] : -WORDS[name];
  const value = Number(word.replaceAll("_", ""));
  if (Number.isNaN(value))
    throw new InputError(field, `“${token}” is no number. Also understood: nan, inf, -inf.`);
  return value;
}

/**
 * @param {Nested} nested
 * @returns {number[]}
 */
function flat(nested) {
  return Array.isArray(nested) ? nested.flatMap(flat) : [nested];
}

/**
 * @param {string} field
 * @param {Nested} nested
 * @returns {number[]}
 */
function shapeOf(field, nested) {
  if (!Array.isArray(nested)) return [];
  const shapes = nested.map((each) => shapeOf(field, each));
  const odd = shapes.findIndex((shape) => shape.join() !== shapes[0].join());
  if (odd > 0)
    throw new InputError(
      field,
      `Rows must be equally long: row 0 has the shape ${shapeWords(shapes[0])}, row ${odd} ${shapeWords(shapes[odd])}.`,
    );
  return [nested.length, ...shapes[0]];
}
