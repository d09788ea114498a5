import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, defaultView, viewOf } from "../../web/nanwatch_web/static/js/run/address.js";

test("a view comes back from its address", () => {
  const view = {
    x: "epoch",
    range: [12.25, 120],
    smoothing: 0.6,
    band: false,
    running: false,
    beside: false,
    ignoreOutliers: false,
    logY: true,
    logChosen: true,
  };
  assert.equal(addressOf(view), "?x=epoch&steps=12.25-120&smoothing=0.6&band=0&running=0&outliers=1&log=1");
  assert.deepEqual(viewOf(addressOf(view)), view);
});

test("the usual view needs no address, and a linear axis that was chosen does", () => {
  assert.equal(addressOf(defaultView()), "");
  assert.deepEqual(viewOf(""), defaultView());
  assert.equal(addressOf({ ...defaultView(), logChosen: true }), "?log=0");
});

test("a log axis that the loss asked for is not the reader's choice", () => {
  assert.equal(addressOf({ ...defaultView(), logY: true }), "");
});

for (const wrong of [
  "?x=volts",
  "?steps=9",
  "?steps=9-3",
  "?steps=-4-3",
  "?steps=1e400-1e401",
  "?steps=NaN-5",
  `?steps=0-${"9".repeat(40)}`,
  "?smoothing=7",
  "?smoothing=-0.1",
  "?smoothing=much",
  "?band=perhaps",
  "?log=2",
  "?%00=%ff",
])
  test(`${wrong} counts as not said`, () => assert.deepEqual(viewOf(wrong), defaultView()));

test("every axis and the running mean beside the loss have their words", () => {
  for (const x of ["step", "epoch", "time", "relative"])
    assert.equal(viewOf(addressOf({ ...defaultView(), x })).x, x);
  assert.equal(addressOf({ ...defaultView(), beside: true }), "?running=beside");
  assert.equal(viewOf("?running=beside").beside, true);
});
