/**
 * The parts of a cause: where it was seen, what to change, whether that was tried.
 * @module
 */

import { copyButton } from "../copy.js";
import { el, icon } from "../dom.js";
import { integer, plain } from "../format.js";

/** @typedef {import("../types").Cause} Cause */
/** @typedef {Record<string, unknown>} Where */

/** The check that holds a replay's numbers. */
/** What a replay of the fix showed is told beside the fix. */
const REPLAY = "replay with the fix";
/** @type {Record<string, string>} */
const TRIED = {
  true: "The fix held in a replay",
  false: "Did not help by itself in a replay",
  null: "Not proven by a replay",
};
const MOST_LISTED = 8;
/** So many letters alike at the beginning say the same: "finite, and the loss fell", "... falls". */
const ALIKE = 6;
const ABOUT = 2;
const FIX = "Suggested fix";

/**
 * Where the cause was seen, as a list of terms; empty when nothing is known.
 * @param {Where} where
 * @returns {HTMLElement[]}
 */
export function whereList(where) {
  const pairs = wherePairs(where);
  if (!pairs.length) return [];
  return [
    el("h3", {}, "Where"),
    el(
      "dl",
      { class: "where" },
      ...pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
  ];
}

/**
 * The same as pairs of words. Epochs are counted from 1, as Keras prints them, batches and
 * rows from 0, as they are found in the data.
 * @param {Where} where
 * @returns {[string, string][]}
 */
export function wherePairs(where) {
  /** @type {[string, string | null][]} */
  const pairs = [
    ["Layer", words(where.layer)],
    ["Variable", words(where.variable)],
    ["Input", words(where.input)],
    ["Output", words(where.output)],
    ["Batch", batchWords(where)],
    ["Rows", listed(where.rows, "in the batch")],
    ["Samples", listed(where.samples, "in the data")],
    ["Columns", columnWords(where)],
    ["Source", words(where.source_line)],
  ];
  return /** @type {[string, string][]} */ (pairs.filter(([, value]) => value !== null));
}

/**
 * The change in words and as code; lines that begin with - or + are coloured as a change.
 * @param {import("../types").Fix} fix
 * @returns {HTMLElement[]}
 */
export function fixCode(fix) {
  if (!fix.text && !fix.code) return [];
  const text = fix.text ? [el("p", { class: "fixtext" }, fix.text)] : [];
  return fix.code ? [fixHead(fix.code), ...text, change(fix.code)] : [el("h3", {}, FIX), ...text];
}

/**
 * The code as it is to be: without the lines that go, and without the signs of a change.
 * @param {string} code
 */
export function mended(code) {
  const lines = code.split("\n").filter((line) => kindOf(line) !== "del");
  return lines.map((line) => (kindOf(line) ? line.replace(/^\+ ?/, "") : line)).join("\n");
}

/** @param {string} code */
function fixHead(code) {
  const copy = el("button", { type: "button", class: "plain", title: "Copy the code as it is to be" }, "Copy");
  copyButton(copy, () => mended(code));
  return el("div", { class: "fixhead" }, el("h3", {}, FIX), copy);
}

/** @param {string} code */
function change(code) {
  const lines = code.split("\n").map((line) => el("span", { class: kindOf(line) }, line));
  return el("pre", { class: "code diff", tabindex: 0, "aria-label": "Suggested change" }, ...lines);
}

/**
 * What was looked at, without what the fix was tried with.
 * @param {Cause} cause
 */
export function checks({ evidence }) {
  return evidence.filter(({ check }) => check !== REPLAY);
}

/**
 * Whether a replay with the fix was made, and how it went, with its numbers.
 * @param {Cause} cause
 */
export function tried({ verified, evidence }) {
  const told = evidence.find(({ check }) => check === REPLAY)?.seen;
  const words = TRIED[String(verified ?? null)];
  const [kind, mark] = verified ? ["yes", "M1.500 6.500l3 3L10.500 3"] : ["no", "M2.500 2.500l7 7M9.500 2.500l-7 7"];
  const open = verified === null || verified === undefined;
  return el(
    "p",
    { class: open ? "tried" : `tried ${kind}` },
    !open && icon("0 0 12 12", mark),
    told ? `${words} (${told})` : words,
  );
}

/**
 * How a check stands: what was seen is as expected, is not, or was not looked for. Where the rule
 * does not say it, the words do.
 * @param {import("../types").Evidence} evidence
 * @returns {"agrees" | "differs" | "open"}
 */
export function standing({ seen, expected, healthy }) {
  if (seen.startsWith("not made")) return "open";
  return (healthy ?? (alike(seen, expected) || isAbout(seen, expected))) ? "agrees" : "differs";
}

/**
 * The same for those who don't see the mark.
 * @param {import("../types").Evidence} evidence
 */
export function standingWords(evidence) {
  const words = { agrees: "As expected: ", differs: "Not as expected: ", open: "Not looked for: " };
  return words[standing(evidence)];
}

/**
 * @param {string} seen
 * @param {string} expected
 */
function alike(seen, expected) {
  const [first, second] = [seen, expected].map((words) => words.toLowerCase().replace(/^all /, ""));
  return first.slice(0, ALIKE) === second.slice(0, ALIKE);
}

/**
 * Whether a number was expected to be about another, and is: 0.97, about 1.
 * @param {string} seen
 * @param {string} expected
 */
function isAbout(seen, expected) {
  const ratio = Number(seen) / Number(expected.replace("about ", ""));
  return expected.startsWith("about ") && ratio > 1 / ABOUT && ratio < ABOUT;
}

/** @param {string} line */
function kindOf(line) {
  if (line.startsWith("-")) return "del";
  return line.startsWith("+") ? "add" : "";
}

/** @param {unknown} value */
function words(value) {
  return value === null || value === undefined || value === "" ? null : plain(value);
}

/** @param {Where} where */
function batchWords({ epoch, batch }) {
  const parts = [
    typeof epoch === "number" ? `epoch ${integer(epoch + 1)}` : null,
    typeof batch === "number" ? `batch ${integer(batch)}` : null,
  ].filter(Boolean);
  return parts.length ? parts.join(", ") : null;
}

/**
 * "#4, #17 and 12 more in the batch".
 * @param {unknown} value
 * @param {string} of
 */
function listed(value, of) {
  if (!Array.isArray(value) || !value.length) return null;
  const shown = value
    .slice(0, MOST_LISTED)
    .map((each) => `#${each}`)
    .join(", ");
  const rest = value.length - MOST_LISTED;
  return rest > 0 ? `${shown} and ${integer(rest)} more ${of}` : `${shown} ${of}`;
}

/**
 * "bill_length_mm (2), body_mass_g (5)".
 * @param {Where} where
 */
function columnWords({ columns, column_names: names }) {
  const given = Array.isArray(names) ? names : [];
  if (!Array.isArray(columns) || !columns.length) return given.length ? given.map(String).join(", ") : null;
  const told = columns
    .slice(0, MOST_LISTED)
    .map((column, i) => (given[i] === undefined ? `#${column}` : `${given[i]} (#${column})`));
  const rest = columns.length - MOST_LISTED;
  return told.join(", ") + (rest > 0 ? ` and ${integer(rest)} more` : "");
}
