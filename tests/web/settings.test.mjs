import assert from "node:assert/strict";
import { test } from "node:test";

import {
  actionWords,
  days,
  mayWords,
  millis,
  quietWords,
  standing,
  triedWords,
} from "../../web/nanwatch_web/static/js/settings/words.js";
import { isNews, MOST_APART, notesOf } from "../../web/nanwatch_web/static/js/notices/news.js";

const alert = (id, more = {}) => ({
  id,
  run_id: `run-${id}`,
  run_name: `net-${id}`,
  project: "zoo",
  symptom: "nan_loss",
  severity: "critical",
  state: "open",
  muted: false,
  first_step: 37,
  summary: "log of 0",
  opened_at: "2026-01-02T00:00:00.000+00:00",
  ...more,
});
const SINCE = "2026-01-01T00:00:00.000Z";

test("moments come in seconds or as text", () => {
  assert.equal(millis(1.5), 1500);
  assert.equal(millis("1970-01-01T00:00:02Z"), 2000);
  assert.equal(millis(null), null);
});

test("a token is active until it expires or is revoked", () => {
  const token = { expires_at: 10, revoked_at: null };
  assert.equal(standing(token, 9_999), "active");
  assert.equal(standing(token, 10_000), "expired");
  assert.equal(standing({ expires_at: null, revoked_at: 1 }, 0), "revoked");
});

test("what a test of a channel came to is said with its numbers", () => {
  const tried = { ok: true, status: 200, latency_ms: 83.6, error: "" };
  assert.equal(triedWords(tried), "Delivered: HTTP 200 in 84 ms");
  const failed = { ok: false, status: null, latency_ms: null, error: "no such host" };
  assert.equal(triedWords(failed), "Failed. no such host");
  assert.equal(triedWords({ ...failed, status: 500, error: "" }), "Failed: HTTP 500");
});

test("an empty number of days means never", () => {
  assert.deepEqual([days(" "), days("30")], [null, 30]);
});

test("scopes, mutes and actions are told in words", () => {
  assert.equal(mayWords("read"), "Look at everything, change nothing");
  assert.equal(mayWords(undefined), "–");
  assert.equal(quietWords({ symptom: "nan_loss", project: "zoo", run_id: null }), "NaN or Inf, project zoo");
  assert.equal(actionWords("login_codes.create"), "Login codes: create");
});

test("only what is critical, open, loud and new is worth a notification", () => {
  const none = new Set();
  assert.ok(isNews(alert(1), none, SINCE));
  assert.ok(!isNews(alert(1), new Set(["1"]), SINCE));
  assert.ok(!isNews(alert(1), none, "2026-01-03T00:00:00.000Z"));
  for (const more of [{ severity: "warning" }, { state: "resolved" }, { muted: true }])
    assert.ok(!isNews(alert(1, more), none, SINCE));
});

test("a few are told apart, many in one", () => {
  const several = (n) => Array.from({ length: n }, (_, i) => alert(i));
  const [first, ...rest] = notesOf(several(MOST_APART));
  assert.deepEqual([first.title, first.body], ["NaN or Inf: net-0", "zoo, at step 37\nlog of 0"]);
  assert.equal(rest.length, MOST_APART - 1);
  const [one, ...none] = notesOf(several(12));
  assert.equal(none.length, 0);
  assert.deepEqual([one.title, one.body], ["12 critical alerts", "net-0, net-1, net-2 and others"]);
});
