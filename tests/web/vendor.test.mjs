import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

const STATIC = new URL("../../web/nanwatch_web/static/", import.meta.url);
const read = (name) => readFile(new URL(`vendor/${name}`, STATIC));
const manifest = JSON.parse(await read("vendor.json"));

for (const [name, expected] of Object.entries(manifest.files)) {
  test(`${name} is the file that was pinned`, async () => {
    assert.equal(`sha256-${createHash("sha256").update(await read(name)).digest("hex")}`, expected);
  });
}

test("the packed bundle holds the same bytes", async () => {
  assert.ok(gunzipSync(await read("plotly-cartesian.min.js.gz")).equals(await read("plotly-cartesian.min.js")));
});

test("the run page asks for the pinned version, so that it may be cached for good", async () => {
  const page = await readFile(new URL("../run.html", STATIC), "utf8");
  assert.ok(page.includes(`plotly-cartesian.min.js?v=${manifest.version}"`));
});
