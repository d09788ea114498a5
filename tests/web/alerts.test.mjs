import assert from "node:assert/strict";
import { test } from "node:test";

import { actionsFor, MUTES, undoing } from "../../web/nanwatch_web/static/js/alerts/actions.js";
import { countWords, grouped, MOST_APART } from "../../web/nanwatch_web/static/js/alerts/groups.js";
import { addressOf, fits, queryOf, questionOf } from "../../web/nanwatch_web/static/js/alerts/question.js";
import { deliveryWords, muteWords, placeOf, sinceWords } from "../../web/nanwatch_web/static/js/alerts/words.js";

const alert = (id, more = {}) => ({
  id,
  run_id: `run-${id}`,
  project: "zoo",
  symptom: "nan_loss",
  severity: "critical",
  state: "open",
  muted: false,
  muted_until: null,
  first_step: 37,
  opened_at: new Date(id * 1000).toISOString(),
  ...more,
});
const several = (n, more) => Array.from({ length: n }, (_, i) => alert(i + 1, more));

test("an address says what is shown, and what cannot be is not said", () => {
  const search = "?state=resolved&severity=warning&project=a%26b&run=r1";
  assert.equal(addressOf(questionOf(search)), search);
  const nothing = questionOf("?state=x&severity=info&run=<b>");
  assert.deepEqual(nothing, { state: "open", severity: "", project: "", run: "" });
  assert.equal(addressOf(nothing), "");
  assert.deepEqual(queryOf(nothing), { state: "open", severity: null, project: null, run: null });
});

test("a changed alert belongs into the list or leaves it", () => {
  assert.ok(fits(alert(1), questionOf("")));
  assert.ok(!fits(alert(1, { state: "resolved" }), questionOf("")));
  assert.ok(fits(alert(1, { state: "resolved" }), questionOf("?state=all")));
  assert.ok(!fits(alert(1), questionOf("?project=garden")));
  assert.ok(!fits(alert(1), questionOf("?severity=warning")));
  assert.ok(!fits(alert(1), questionOf("?run=run-2")));
});

test("few alike stand apart, newest first; more are one line where the newest stands", () => {
  const few = grouped(several(MOST_APART));
  assert.deepEqual(few.map(({ alerts }) => alerts.map(({ id }) => id)), [[3], [2], [1]]);
  const other = alert(3.5, { project: "garden" });
  const many = grouped([...several(5), other]);
  assert.deepEqual(many.map(({ alerts }) => alerts.map(({ id }) => id)), [[5, 4, 3, 2, 1], [3.5]]);
});

test("a name with separators does not fall into another's group", () => {
  const tricky = [alert(1, { project: 'a","b' }), ...several(4, { project: "a" })];
  assert.equal(grouped(tricky).length, 2);
});

test("only what makes sense is offered, and can be taken back", () => {
  const verbs = (state, muted = false) => actionsFor({ state, muted }).map(({ verb }) => verb);
  assert.deepEqual(verbs("open"), ["acknowledge", "resolve"]);
  assert.deepEqual(verbs("acknowledged", true), ["resolve", "unmute"]);
  assert.deepEqual(verbs("resolved"), ["reopen"]);
  assert.equal(undoing(MUTES[0]).verb, "unmute");
  assert.equal(undoing(actionsFor(alert(1))[0]).verb, "reopen");
  assert.deepEqual([MUTES[0].body, MUTES[1].body], [{ until: "worse" }, { until: 3600 }]);
});

test("the link leads to the failure and its card", () => {
  assert.equal(placeOf(alert(7)), "/runs/run-7?steps=0-97#diagnosis-7");
  assert.equal(placeOf(alert(7, { first_step: null })), "/runs/run-7#diagnosis-7");
});

test("states, mutes and deliveries are told in words", () => {
  const seen = alert(1, { state: "acknowledged", acknowledged_at: new Date(0).toISOString() });
  assert.equal(sinceWords(seen, 120_000), "Acknowledged 2 minutes ago");
  assert.equal(sinceWords(alert(1), 0), "Open");
  assert.equal(muteWords(alert(1)), "");
  assert.equal(muteWords(alert(1, { muted: true })), "Muted until worse");
  assert.match(muteWords(alert(1, { muted: true, muted_until: new Date(0).toISOString() })), /until .*1970/);
  assert.equal(deliveryWords(alert(1, { deliveries: { sent: 2, waiting: 0, failed: 1 } })), "2 sent, 1 failed");
  assert.equal(deliveryWords(alert(1)), "No message sent");
  assert.deepEqual([countWords(1, false), countWords(500, true)], ["1 alert", "the 500 newest alerts"]);
});
