/**
 * Channels: who is told of an alert.
 * @module
 */

import { get, send } from "../api.js";
import { el } from "../dom.js";
import { field, row, Section, select, since, sureButton, table, valuesOf } from "./parts.js";
import { kindWord, KINDS, triedWords } from "./words.js";

/** @typedef {import("./types").Channel} Channel */

const HEADS = ["Channel", "Target", "Last message", "On", ""];

/** The section about channels. */
export class Channels {
  constructor() {
    this.section = new Section(
      "channels",
      "Channels",
      "Who is told when something goes wrong. A test sends one message and shows what came back.",
    );
    this.list = el("div");
    this.form = this.makeForm();
  }

  load() {
    return this.section.attempt(() => this.refresh());
  }

  async refresh() {
    const { channels } = await get("/channels");
    const none = el("p", { class: "sub" }, "Nobody is told yet: alerts are on these pages only.");
    const rows = channels.map((/** @type {Channel} */ channel) => this.row(channel));
    this.list.replaceChildren(rows.length ? table("Channels, and their last messages", HEADS, rows) : none);
    if (!this.form.isConnected) this.section.show(this.list, this.form);
  }

  /** @param {Channel} channel */
  row(channel) {
    const { name, kind, target, signed, source, enabled, last } = channel;
    const on = el("input", { type: "checkbox", "aria-label": `${name} is on`, disabled: source === "environment" });
    on.checked = enabled;
    on.addEventListener("change", () => this.change("PATCH", channel, { enabled: on.checked }));
    const told = last ? [el("span", { class: last.state }, last.state), " ", since(last.at)] : ["none yet"];
    return row(
      [el("b", {}, name), " ", el("small", {}, signed ? `${kindWord(kind)}, signed` : kindWord(kind))],
      el("code", {}, target),
      last?.error ? [...told, el("p", { class: "problem" }, last.error)] : told,
      on,
      this.buttons(channel),
    );
  }

  /** @param {Channel} channel */
  buttons(channel) {
    const said = el("p", { class: "tried", role: "status" });
    const test = el("button", { type: "button", "aria-label": `Test ${channel.name}` }, "Test");
    test.addEventListener("click", () => void this.test(channel, test, said));
    const gone = sureButton("Delete", channel.name, () => this.change("DELETE", channel));
    const fixed = el("small", {}, "set by the environment");
    return el("div", { class: "acts" }, test, channel.source === "page" ? gone : fixed, said);
  }

  /**
   * @param {Channel} channel
   * @param {HTMLButtonElement} button
   * @param {HTMLElement} said
   */
  async test(channel, button, said) {
    button.disabled = true;
    said.className = "tried";
    said.textContent = "Sending";
    await this.section.attempt(async () => {
      const tried = await send("POST", `${pathOf(channel)}/test`);
      said.textContent = triedWords(tried);
      said.className = `tried ${tried.ok ? "yes" : "no"}`;
    });
    if (said.textContent === "Sending") said.textContent = "";
    button.disabled = false;
  }

  /**
   * @param {"PATCH" | "DELETE"} method
   * @param {Channel} channel
   * @param {object} [body]
   */
  change(method, channel, body) {
    return this.section.attempt(async () => {
      await send(method, pathOf(channel), body).finally(() => this.refresh());
    });
  }

  makeForm() {
    const kind = select(
      "kind",
      KINDS.map((each) => [each.kind, each.words]),
    );
    const target = el("input", { type: "text", name: "target", required: true, maxlength: 2000, class: "wide" });
    const secret = el("input", { type: "password", name: "secret", autocomplete: "off", placeholder: "whsec_…, optional" });
    const targetField = field("", target);
    const secretField = field("Signing secret", secret);
    const adapt = () => {
      const chosen = KINDS.find((each) => each.kind === kind.value) ?? KINDS[0];
      /** @type {HTMLElement} */ (targetField.firstElementChild).textContent = chosen.target;
      target.placeholder = chosen.example;
      secretField.hidden = !chosen.secret;
      secret.disabled = !chosen.secret;
    };
    kind.addEventListener("change", adapt);
    adapt();
    const name = el("input", { type: "text", name: "name", required: true, maxlength: 100, placeholder: "team" });
    const add = el("button", { type: "submit", class: "primary" }, "Add channel");
    const fields = [field("Kind", kind), field("Name", name), targetField, secretField];
    const form = el("form", { class: "add", autocomplete: "off" }, ...fields, add);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.section.attempt(() => this.add(form).then(adapt));
    });
    return form;
  }

  /** @param {HTMLFormElement} form */
  async add(form) {
    const { secret, ...wanted } = valuesOf(form);
    await send("POST", "/channels", secret ? { ...wanted, secret } : wanted);
    form.reset();
    await this.refresh();
  }
}

/** @param {Channel} channel */
function pathOf({ id }) {
  return `/channels/${encodeURIComponent(id)}`;
}
