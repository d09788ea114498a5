/**
 * What the list says when there is nothing to list.
 * @module
 */

import { copyButton } from "../copy.js";
import { el } from "../dom.js";

const SNIPPET = `from nanwatch import NanWatch

watch = NanWatch()
model.fit(x, y, epochs=10, callbacks=[watch])`;

/**
 * No run yet: how to attach the callback.
 * @returns {HTMLElement}
 */
export function noRuns() {
  const copy = el("button", { type: "button" }, "Copy");
  copyButton(copy, () => SNIPPET);
  const steps = [
    "Install it where you train: pip install nanwatch",
    "Give the callback to fit, as below",
    "Start the training: the run appears here by itself",
  ];
  return el(
    "section",
    { class: "card empty" },
    el("h2", {}, "No runs yet"),
    el("p", {}, "Three steps to the first one:"),
    el("ol", {}, ...steps.map((step) => el("li", {}, step))),
    el(
      "div",
      { class: "snippet" },
      el(
        "pre",
        { class: "code", tabindex: 0, "aria-label": "Code to attach the callback" },
        el("code", {}, SNIPPET),
      ),
      copy,
    ),
  );
}

/**
 * Runs there are, but none that fit.
 * @param {() => void} clear
 * @returns {HTMLElement}
 */
export function noneFits(clear) {
  return el(
    "section",
    { class: "card empty nofit" },
    el("h2", {}, "No run fits"),
    el(
      "p",
      {},
      "The filter looks for every word in name, project, tags, state and health of the runs that are loaded.",
    ),
    el("button", { type: "button", onclick: clear }, "Show all"),
  );
}
