/**
 * Finding an entry of the catalogues. Pure.
 * @module
 */

import { symptomBadge } from "../words.js";

/** @typedef {import("../types").Loss} Loss */
/** @typedef {import("../types").CausePage} CausePage */

/**
 * @typedef {object} Entry
 * @property {string} href
 * @property {string} name
 * @property {string} more words under the name
 * @property {string} kind entries of one kind stand together
 * @property {string} text all that it can be found by
 */

/**
 * The entries in which every word of the query occurs, by kind.
 * @param {Entry[]} entries
 * @param {string} query
 * @returns {Map<string, Entry[]>}
 */
export function matching(entries, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  return new Map(kinds.map((kind) => [kind, found.filter((entry) => entry.kind === kind)]));
}

/**
 * @param {Loss} loss
 * @returns {Entry}
 */
export function lossEntry(loss) {
  const { name, title, kind, use } = loss;
  const text = [kind, title, use, loss.label, loss.activation, ...called(loss)].join("\n");
  return { href: `/losses/${encodeURIComponent(name)}`, name, more: title, kind, text };
}

/**
 * @param {CausePage} cause
 * @returns {Entry}
 */
export function causeEntry({ label, title, why, remedy, symptoms }) {
  const text = [label, label.replaceAll("_", " "), title, why, remedy, ...symptoms.map((symptom) => symptomBadge(symptom))].join(
    "\n",
  );
  return { href: `/causes/${encodeURIComponent(label)}`, name: title, more: label, kind: "", text };
}

/**
 * The loss of that name, by any of its names in any case, also as "keras.losses.Huber".
 * @param {Loss[]} losses
 * @param {string} asked
 * @returns {Loss | null}
 */
export function lossNamed(losses, asked) {
  const wanted = asked.toLowerCase().split(".").pop();
  return losses.find((loss) => called(loss).some((name) => name.toLowerCase() === wanted)) ?? null;
}

/**
 * @param {Loss} loss
 * @returns {string[]}
 */
function called(loss) {
  return [loss.name, loss.function, ...loss.strings, ...loss.other_names].filter(Boolean);
}
