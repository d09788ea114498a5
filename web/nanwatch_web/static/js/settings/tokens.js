/**
 * Tokens: who may ask the server for what.
 * @module
 */

import { get, send } from "../api.js";
import { copyButton } from "../copy.js";
import { el } from "../dom.js";
import { field, row, Section, select, since, sureButton, table, valuesOf } from "./parts.js";
import { LIVES, SCOPES, standing } from "./words.js";

/** @typedef {import("./types").Token} Token */

const HEADS = ["Name", "Scope", "Created", "Last used", "Expires", ""];

/** The section about tokens. */
export class Tokens {
  constructor() {
    this.section = new Section(
      "tokens",
      "Tokens",
      "For machines that train and for people who look on. A token is shown once, when it is made.",
    );
    this.project = el("input", { type: "text", name: "project", maxlength: 256, placeholder: "every project" });
    this.form = this.makeForm();
    this.fresh = el("div", { class: "fresh", role: "status" });
    this.list = el("div");
  }

  load() {
    return this.section.attempt(() => this.refresh());
  }

  async refresh() {
    const { tokens } = await get("/tokens");
    const none = el("p", { class: "sub" }, "No token was made yet; the server's own is in its data folder.");
    const rows = tokens.map((/** @type {Token} */ token) => this.row(token));
    this.list.replaceChildren(rows.length ? table("Tokens, latest first", HEADS, rows) : none);
    if (!this.form.isConnected) this.section.show(this.fresh, this.list, this.form);
  }

  /** @param {Token} token */
  row(token) {
    const state = standing(token, Date.now());
    const revoke = sureButton("Revoke", token.name, () => this.revoke(token));
    const expires = state === "active" ? since(token.expires_at, "never") : state;
    const scope = token.project === null ? token.scope : `${token.scope}, ${token.project} only`;
    const made = row(
      token.name,
      scope,
      since(token.created_at),
      since(token.last_used_at, "never"),
      expires,
      state === "active" ? revoke : "",
    );
    made.className = state;
    return made;
  }

  makeForm() {
    const scope = select("scope", SCOPES);
    scope.addEventListener("change", () => (this.project.disabled = scope.value !== "write"));
    const life = select(
      "life",
      LIVES.map(([words, seconds]) => [String(seconds ?? ""), words]),
    );
    const form = el(
      "form",
      { class: "add" },
      field("Name", el("input", { type: "text", name: "name", required: true, maxlength: 256, placeholder: "gpu-04" })),
      field("Scope", scope),
      field("Project", this.project),
      field("Good for", life),
      el("button", { type: "submit", class: "primary" }, "Make token"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.section.attempt(() => this.create(form));
    });
    return form;
  }

  /** @param {HTMLFormElement} form */
  async create(form) {
    const { life, name, scope, project } = valuesOf(form);
    const wanted = { name, scope, project: project ?? null, expires_in: life ? Number(life) : null };
    this.showSecret(await send("POST", "/tokens", wanted));
    form.reset();
    this.project.disabled = false;
    await this.refresh();
  }

  /** @param {Token} token */
  showSecret({ name, token }) {
    const secret = token ?? "";
    const copy = el("button", { type: "button", class: "primary" }, "Copy");
    copyButton(copy, () => secret);
    const done = el("button", { type: "button", onclick: () => this.fresh.replaceChildren() }, "Done");
    const code = el("code", { class: "code", tabindex: 0, "aria-label": "The new token" }, secret);
    this.fresh.replaceChildren(
      el("p", {}, el("b", {}, `Token “${name}” is made.`), " Copy it now: it is not shown again."),
      el("div", { class: "secret" }, code, copy, done),
    );
    copy.focus();
  }

  /** @param {Token} token */
  revoke(token) {
    return this.section.attempt(async () => {
      await send("DELETE", `/tokens/${encodeURIComponent(token.id)}`);
      this.section.say(`Token “${token.name}” is revoked.`, false);
      await this.refresh();
    });
  }
}
