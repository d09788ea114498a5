/**
 * What the pages of both catalogues are made of.
 * @module
 */

import { copyButton } from "../copy.js";
import { el } from "../dom.js";

/** @typedef {import("../dom.js").Child} Child */

/**
 * A card with a heading; none when there is nothing to show.
 * @param {string} title
 * @param {...Child} children
 */
export function section(title, ...children) {
  const id = title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return children.some(Boolean)
    ? el("section", { class: "card", "aria-labelledby": id }, el("h2", { id }, title), ...children)
    : null;
}

/**
 * Words in which `backticks` mark code.
 * @param {string} text
 */
export function prose(text) {
  const parts = text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
  return el("p", { class: "prose" }, ...parts);
}

/**
 * Code with the fault, and mended; the lines that differ are marked.
 * @param {{before: string, after: string}} page
 */
export function change({ before, after }) {
  const copy = el("button", { type: "button" }, "Copy");
  copyButton(copy, () => after.trim());
  return el(
    "div",
    { class: "change" },
    el("div", {}, el("h3", {}, "Before"), code(before, after, "del", "Code with the fault")),
    el(
      "div",
      {},
      el("div", { class: "codehead" }, el("h3", {}, "After"), copy),
      code(after, before, "add", "Mended code"),
    ),
  );
}

/**
 * Terms and what they are; those without a value are left out.
 * @param {[string, Child | Child[]][]} pairs
 * @param {string} [kind] "stacked" where what is explained is long
 */
export function terms(pairs, kind = "") {
  const given = pairs.filter(([, value]) => value && (!Array.isArray(value) || value.length));
  const rows = given.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, ...[value].flat())),
  );
  return el("dl", { class: `terms ${kind}` }, ...rows);
}

/**
 * A name and the way back.
 * @param {HTMLElement} crumbs
 * @param {string} href
 * @param {string} list
 * @param {string} name
 */
export function showCrumbs(crumbs, href, list, name) {
  crumbs.replaceChildren(
    el("a", { href }, list),
    el("span", { "aria-hidden": "true" }, "/"),
    el("span", { "aria-current": "page" }, name),
  );
}

/** The last part of the page's address. */
export function asked() {
  return decodeURIComponent(location.pathname.split("/").filter(Boolean).pop() ?? "");
}

/**
 * "a label is NaN" as "A label is NaN"; names such as from_logits and ln C stay as they are.
 * @param {string} text
 */
export function sentence(text) {
  return /^(?!ln )[a-z-]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/**
 * @param {string} text
 * @param {string} other
 * @param {string} kind of the lines that the other lacks
 * @param {string} label
 */
function code(text, other, kind, label) {
  const same = new Set(other.trim().split("\n"));
  const lines = text.trim().split("\n");
  const marked = lines.map((line) => el("span", { class: !same.has(line) && kind }, line));
  return el("pre", { class: "code diff", tabindex: 0, "aria-label": label }, ...marked);
}
