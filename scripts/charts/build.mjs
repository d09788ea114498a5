/**
 * Makes the chart bundle out of the pinned packages, packs it, and notes the hashes in vendor.json.
 * The same packages make the same bytes: with --check nothing is written, and another result is an error.
 */

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const VENDOR = new URL("../../web/nanwatch_web/static/vendor/", import.meta.url);
const NAME = "plotly.min.js";
const sha256 = (content) => createHash("sha256").update(content).digest("hex");

const { outputFiles } = await build({
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: ["entry.cjs"],
  bundle: true,
  write: false,
  minify: true,
  format: "iife",
  globalName: "Plotly",
  define: { global: "window" },
  target: "es2022",
  legalComments: "eof",
  loader: { ".css": "empty" }, // a style sheet of maps, which are not drawn here
});
const plain = Buffer.from(outputFiles[0].contents);
const manifest = JSON.parse(await readFile(new URL("vendor.json", VENDOR), "utf8"));
if (process.argv.includes("--check")) check();
else await write();

function check() {
  if (manifest.sha256[NAME] !== sha256(plain)) throw new Error(`${NAME} is not what the pinned packages make`);
}

async function write() {
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length, [constants.BROTLI_PARAM_LGWIN]: 24 };
  const made = { [NAME]: plain, [`${NAME}.br`]: brotliCompressSync(plain, { params }), [`${NAME}.gz`]: gzipSync(plain, { level: 9 }) };
  for (const [name, content] of Object.entries(made)) {
    await writeFile(new URL(name, VENDOR), content);
    manifest.sha256[name] = sha256(content);
    console.log(`${name}: ${content.length} bytes`);
  }
  await writeFile(new URL("vendor.json", VENDOR), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`In layout.html: plotly.min.js?v=${sha256(plain).slice(0, 12)}`);
}
