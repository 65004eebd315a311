/**
 * Makes the page: one file, the same bytes from the same sources. `node build/page.mjs inspector.html`
 *
 * Script and style are named by their hashes in the page's policy, so nothing else runs, and nothing may be fetched.
 */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cddlOf, compile } from "./cddl.mjs";
import { fontFaces, fontLicence } from "./fonts.mjs";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path) => readFileSync(at(path), "utf8");
const FORMAT = "../wire/FORMAT.md";
/** What the page reads; whatever these are made of comes along. */
const RECORDS = [
  "Header", "SlimCredential", "Delegation", "Receipt", "Card", "Payload", "Line", "PrivatePart", "MailBefore", "MailPayload", "Policy",
  "Catalog", "ExchangeRequest", "Batch", "Verbatim", "Dictionary",
];
/** The oldest that know all that is called here and in noble (`Object.hasOwn`, `at`): of 2021 and 2022. */
const BROWSERS = ["chrome93", "firefox92", "safari15.4"];
const LIBRARIES = { "@noble/curves": "LICENSE", "@noble/hashes": "LICENSE", qr: "LICENSE-MIT" };

const format = compile(cddlOf(read(FORMAT)), RECORDS);
const formatTable = {
  name: "format",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^format:cddl$/ }, ({ path }) => ({ path, namespace: "format" }));
    onLoad({ filter: /.*/, namespace: "format" }, () => ({ contents: JSON.stringify(format.types), loader: "json" }));
  },
};

async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [at(entry)], bundle: true, minify: true, write: false, format: "iife", target: BROWSERS, charset: "utf8",
    legalComments: "none", plugins: [formatTable],
  });
  return outputFiles[0].text.trim();
}

const sourceHash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function policyOf(script, style) {
  return [
    "default-src 'none'", `script-src ${sourceHash(script)}`, `style-src ${sourceHash(style)}`, "font-src data:", "img-src blob:", "connect-src 'none'",
    "form-action 'none'", "base-uri 'none'",
  ].join("; ");
}

function licences() {
  const libraries = Object.entries(LIBRARIES).map(([name, file]) => {
    const { version } = JSON.parse(read(`node_modules/${name}/package.json`));
    return `${name} ${version}\n\n${read(`node_modules/${name}/${file}`).trim()}`;
  });
  return [...libraries, fontLicence()].join("\n\n\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** SHA-256 over what the page is made from, but for the format, whose text stands in it: who changes it must make it anew. */
function sourcesDigest() {
  const hash = createHash("sha256");
  for (const path of ["package-lock.json", ...filesIn("build"), ...filesIn("source")].sort()) hash.update(`${path}\n${read(path)}\n`);
  return hash.digest("hex");
}

function filesIn(folder) {
  return readdirSync(at(folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

const script = await bundled("source/page/main.js");
const style = (await fontFaces()) + (await bundled("source/page.css"));
const parts = { policy: policyOf(script, style), script, style, licences: licences(), cddl: format.used, sources: sourcesDigest() };
const page = read("source/page.html").replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
writeFileSync(argv[2], page);
