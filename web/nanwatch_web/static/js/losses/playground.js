/**
 * The playground of a loss: y_true and y_pred in, each sample's loss and the gradient out, and the
 * curve over one prediction. What is typed stands in the page's address.
 * @module
 */

import { palette } from "../charts/palette.js";
import { el, fill } from "../dom.js";
import { THEME_CHANGED } from "../theme.js";
import { InputError, placeWords } from "./arrays.js";
import { compute } from "./compute.js";
import { controls } from "./controls.js";
import { curve, rangeRound } from "./curve.js";
import { curveFigure, curveWords } from "./curve_figure.js";
import { EXAMPLES } from "./examples.js";
import { results } from "./results.js";
import { fromAddress, numberIn, question, stateOf, toAddress } from "./state.js";

/** @typedef {import("../types").Loss} Loss */
/** @typedef {import("./compute.js").Question} Question */
/** @typedef {import("./state.js").State} State */

const CONFIG = { displayModeBar: false, displaylogo: false, responsive: true, doubleClick: false };

/** The playground on the page of one loss. */
export class Playground {
  /** @param {Loss} loss that has a formula */
  constructor(loss) {
    this.loss = loss;
    this.state = fromAddress(loss, location.search);
    this.form = el("form", {
      class: "try",
      onsubmit: (/** @type {Event} */ event) => event.preventDefault(),
    });
    this.problem = el("p", { class: "problem", id: "problem", role: "alert" });
    this.results = el("div", { class: "results" });
    this.plot = el("div", { class: "plot", role: "img", "aria-label": "Loss and gradient" });
    this.form.addEventListener("input", () => this.typed());
    document.addEventListener(THEME_CHANGED, () => this.show());
    this.element = el(
      "section",
      { class: "card playground", "aria-labelledby": "playground-title" },
      el("h2", { id: "playground-title" }, "Value and gradient"),
      el("p", { class: "sub" }, "Computed here in float32, as Keras does on TensorFlow."),
      this.plot,
      this.examples(),
      this.form,
      this.problem,
      this.results,
    );
    this.build();
  }

  examples() {
    const buttons = EXAMPLES[this.loss.name].map((example) =>
      el("button", { type: "button", onclick: () => this.take(stateOf(this.loss, example)) }, example.name),
    );
    return el("div", { class: "examples", role: "group", "aria-label": "Examples" }, ...buttons);
  }

  /** @param {State} state */
  take(state) {
    this.state = state;
    this.build();
    this.show();
  }

  build() {
    fill(this.form, ...controls(this.loss, this.state));
  }

  typed() {
    for (const field of this.fields())
      this.state[field.name] = field.type === "checkbox" ? String(field.checked) : field.value;
    this.show();
  }

  /** @returns {HTMLInputElement[]} */
  fields() {
    return /** @type {HTMLInputElement[]} */ ([...this.form.elements].filter((each) => "name" in each));
  }

  /** Compute what is typed and show it, or say what is wrong with it. */
  show() {
    history.replaceState(null, "", location.pathname + toAddress(this.loss, this.state));
    try {
      const asked = question(this.loss, this.state);
      const answer = compute(this.loss.name, asked);
      this.offer(asked);
      this.draw(asked);
      fill(this.results, ...results(asked, answer));
      this.complain(null);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.complain(error);
    }
  }

  /** @param {InputError | null} error */
  complain(error) {
    this.problem.textContent = error ? `${error.field}: ${error.message}` : "";
    this.element.classList.toggle("wrong", error !== null);
    for (const field of this.fields()) {
      const wrong = field.name === error?.field;
      field.setAttribute("aria-invalid", String(wrong));
      wrong ? field.setAttribute("aria-describedby", "problem") : field.removeAttribute("aria-describedby");
    }
  }

  /**
   * Let every prediction be chosen for the curve.
   * @param {Question} asked
   */
  offer({ yPred }) {
    const select = /** @type {HTMLSelectElement} */ (this.form.elements.namedItem("vary"));
    const words = yPred.data.map((_, i) => `y_pred${placeWords(yPred.shape, i)}`);
    if (Number(this.state.vary) >= words.length) this.state.vary = "0";
    if (select.options.length !== words.length || select.options[0].text !== words[0])
      fill(select, ...words.map((word, i) => el("option", { value: i }, word)));
    select.value = this.state.vary;
  }

  /** @param {Question} asked */
  draw(asked) {
    const index = Math.max(0, Math.trunc(Number(this.state.vary)) || 0);
    const auto = rangeRound(asked, index);
    const from = numberIn("from", this.state) ?? auto[0];
    const to = numberIn("to", this.state) ?? auto[1];
    if (from >= to) throw new InputError("to", `It must be more than ${from}, where the curve begins.`);
    const drawn = curve(this.loss.name, asked, index, [from, to]);
    const place = `y_pred${placeWords(asked.yPred.shape, index)}`;
    const { data, layout } = curveFigure(drawn, place, palette());
    this.plot.setAttribute("aria-label", curveWords(drawn, place));
    void Plotly.react(this.plot, data, layout, CONFIG);
  }
}
