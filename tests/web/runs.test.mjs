import assert from "node:assert/strict";
import { test } from "node:test";

import { lossesOf } from "../../web/nanwatch_web/static/js/runs/edit.js";
import { filtered, seconds } from "../../web/nanwatch_web/static/js/runs/filter.js";
import { addressOf, questionOf } from "../../web/nanwatch_web/static/js/runs/question.js";
import { pathOf } from "../../web/nanwatch_web/static/js/runs/sparklines.js";

const DAY = "2026-11-20T";
const RUN = {
  id: "a", name: "otter", project: "digits", state: "finished", health: "ok", tags: ["x"], note: "", pinned: false,
  started_at: `${DAY}10:00:00Z`, ended_at: `${DAY}10:01:00Z`, updated_at: `${DAY}10:01:00Z`, last_step: 9,
  last_loss: 0.5, best_val_loss: null, incidents: 0, reason: "",
};
const RUNS = [
  RUN,
  { ...RUN, id: "b", name: "Heron", tags: ["x", "y"], last_loss: "NaN", state: "failed", health: "critical" },
  { ...RUN, id: "c", name: "fox", tags: [], last_loss: 0.25, project: "zoo", started_at: `${DAY}12:00:00Z`, ended_at: `${DAY}12:30:00Z` },
];
const ids = (search) => filtered(RUNS, questionOf(search), 0).map(({ id }) => id).join("");

test("a question comes back from its address, and the usual one needs none", () => {
  const search = "?q=a+b&show=trouble&state=failed&health=critical&project=p%26q&tag=t&sort=loss-up";
  assert.equal(addressOf(questionOf(search)), search);
  assert.equal(addressOf(questionOf("?sort=nonsense&show=nothing")), "");
});

test("runs are narrowed by what they are and say", () => {
  assert.equal(ids("?state=failed"), "b");
  assert.equal(ids("?health=ok"), "ca");
  assert.equal(ids("?project=zoo"), "c");
  assert.equal(ids("?tag=y"), "b");
  assert.equal(ids("?q=HERON x"), "b");
});

test("runs are sorted either way, with what is no number at the end", () => {
  assert.equal(ids(""), "cba");
  assert.equal(ids("?sort=loss-up"), "cab");
  assert.equal(ids("?sort=loss"), "acb");
  assert.equal(ids("?sort=name-up"), "cba");
  assert.equal(ids("?sort=took"), "cba");
});

test("a pinned run stands first in any order", () => {
  const pinned = [...RUNS, { ...RUN, id: "p", pinned: true, last_loss: 99 }];
  assert.equal(filtered(pinned, questionOf("?sort=loss-up"), 0)[0].id, "p");
});

test("a run that goes on gets longer, one that fell silent does not", () => {
  const now = Date.parse(`${DAY}11:00:00Z`);
  const open = { ...RUN, ended_at: null };
  assert.equal(seconds({ ...open, state: "running" }, now), 3600);
  assert.equal(seconds({ ...open, state: "lost" }, now), 60);
});

test("what is lost with a run is named", () => {
  const told = lossesOf({ ...RUN, last_step: 7610, size_bytes: 281_600, incidents: 1, note: "see 12" });
  assert.deepEqual(told, ["its curves: 7,611 steps, 275 KiB", "1 diagnosis, with alerts and what was said of them", "its note"]);
});

test("a sparkline lifts its pen over what is not finite", () => {
  assert.equal(pathOf({ to: [0, 50, 100], mean: [1, null, 0], nonfinite_from: 50 }), "M2.0 2.0M94.0 20.0");
  assert.equal(pathOf({ to: [0], mean: [3], nonfinite_from: null }), "M2.0 11.0");
});

test("ten thousand runs are narrowed and sorted in the blink of an eye", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ ...RUN, id: String(i), last_loss: (i * 7919) % 10_007, name: `r${i}` }));
  const found = filtered(many, questionOf("?q=r1&sort=loss-up"), 0);
  assert.equal(found.length, 1111);
  assert.ok(found.every((run, i) => !i || run.last_loss >= found[i - 1].last_loss));
});
