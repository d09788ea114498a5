import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

const ROOT = new URL("../../", import.meta.url);
const CHARTS = new URL("scripts/charts/", ROOT);
const WEB = new URL("web/nanwatch_web/", ROOT);
const read = (name) => readFile(new URL(`static/vendor/${name}`, WEB));
const manifest = JSON.parse(await read("vendor.json"));
const wanted = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8")).devDependencies;

for (const [name, expected] of Object.entries(manifest.sha256)) {
  test(`${name} is the file that was pinned`, async () => {
    assert.equal(
      createHash("sha256")
        .update(await read(name))
        .digest("hex"),
      expected,
    );
  });
}

for (const { name, version, files } of manifest.packages.filter((each) => !each.made_by)) {
  test(
    `${name} is the published package's own file`,
    { skip: !existsSync(new URL(`node_modules/${name}`, ROOT)) && "run npm ci" },
    async () => {
      assert.equal(wanted[name], version);
      for (const file of files) {
        const published = await readFile(new URL(`node_modules/${name}/${file}`, ROOT));
        assert.ok(published.equals(await read(file.split("/").at(-1))));
      }
    },
  );
}

test(
  "the chart bundle is what its pinned packages make",
  { skip: !existsSync(new URL("node_modules", CHARTS)) && "run make charts" },
  () => {
    execFileSync(process.execPath, [new URL("build.mjs", CHARTS).pathname, "--check"]);
  },
);

test("the manifest names the version that the bundle is made of", async () => {
  const [{ name, version }] = manifest.packages;
  const pinned = JSON.parse(await readFile(new URL("package.json", CHARTS), "utf8")).devDependencies;
  assert.equal(pinned[name], version);
});

test("the packed bundles hold the same bytes", async () => {
  const plain = await read("plotly.min.js");
  assert.ok(gunzipSync(await read("plotly.min.js.gz")).equals(plain));
  assert.ok(brotliDecompressSync(await read("plotly.min.js.br")).equals(plain));
});

test("pages ask for the pinned versions, so that they may be cached for good", async () => {
  const [page, style] = await Promise.all(
    ["pages/layout.html", "static/css/tokens.css"].map((name) => readFile(new URL(name, WEB), "utf8")),
  );
  assert.ok(page.includes(`plotly.min.js?v=${manifest.sha256["plotly.min.js"].slice(0, 12)}"`));
  for (const text of [page, style])
    assert.ok(text.includes(`inter-latin-wght-normal.woff2?v=${manifest.packages[1].version}"`));
});
