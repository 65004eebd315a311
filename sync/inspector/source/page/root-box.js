/** Whom the page believes: the root's key that the center built in, or that the reader gives. */

import { sha256 } from "@noble/hashes/sha2.js";
import { hexOf } from "../format/cbor.js";
import { Trusted } from "../format/credentials.js";
import { VerifyingKey } from "../format/ed25519.js";
import { NotProven } from "../format/findings.js";
import { element } from "./elements.js";

const KEY_BYTES = 32;
/** As many as a technician types. */
const FINGERPRINT_DIGITS = 20;

/** {origin, root, trusted}: from where the key is, its bytes, and whom it lets believe; null without a key. */
export function builtIn() {
  const { root, delegations } = JSON.parse(document.getElementById("trusted").textContent);
  if (!root) return null;
  const key = bytesOf(root);
  return { origin: "built_in", root: key, trusted: Trusted.of(key, delegations.map(bytesOf)) };
}

/** The box; `changed` is called with what the reader gave. */
export function rootBox(believed, speech, changed) {
  const words = speech.words.root;
  const problem = element("p", { class: "problem", role: "alert" });
  const text = element("input", { type: "text", dir: "ltr", autocomplete: "off", spellcheck: "false", id: "root-text", maxlength: "200" });
  const chosen = element("small", {});
  const files = element("input", { type: "file", multiple: "", id: "root-files", change: () => {
    chosen.textContent = Array.from(files.files, (file) => file.name).join(" ");
  } });
  const use = async () => {
    const given = await givenKeys(text.value, files.files, believed);
    if (!given.problem) return changed(given);
    problem.replaceChildren(
      element("span", {}, speech.fill(words[given.problem], { file: { quoted: given.file ?? "" } })),
      believed ? element("span", {}, " ", words.kept) : "");
  };
  return element("section", { class: `root ${believed ? "known" : "unknown"}`, id: "root" },
    element("p", { class: "state" }, element("span", { "aria-hidden": "true" }, believed ? "✓ " : "! "), words[believed ? believed.origin : "none"]),
    element("details", believed ? {} : { open: "" },
      element("summary", {}, believed ? words.more : words.give),
      believed ? fingerprint(believed, speech) : null,
      element("p", {}, words.hint),
      element("label", { for: "root-text" }, words.text), text,
      element("label", { class: "second" }, files, element("span", {}, words.files), chosen),
      element("button", { type: "button", class: "quiet", id: "root-use", click: use }, words.use), problem));
}

function fingerprint({ root, trusted }, speech) {
  const words = speech.words.root;
  const digits = hexOf(sha256(root)).slice(0, FINGERPRINT_DIGITS).match(/.{4}/g).join(" ");
  return [
    element("p", {}, words.fingerprint, ": ", { code: digits }),
    element("p", {}, words.compare),
    element("p", {}, speech.fill(words.delegations, { count: speech.count(trusted.count) })),
  ];
}

/** What the reader gave: as `builtIn`, or {problem, file}. Delegations without a root join what is believed already. */
async function givenKeys(text, files, believed) {
  const digits = text.replace(/\s/g, "");
  const read = await Promise.all(Array.from(files, async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
  if (digits && !/^[0-9a-f]{64}$/i.test(digits)) return { problem: "wrong" };
  const given = digits ? bytesOf(digits) : read.find(isKey)?.bytes;
  if (given && !new VerifyingKey(given).isSound) return { problem: "wrong" };
  const root = given ?? believed?.root;
  if (!root || (!given && read.length === 0)) return { problem: "wrong" };
  let trusted = given ? Trusted.of(given) : believed.trusted;
  for (const { name, bytes } of read.filter((one) => !isKey(one))) {
    try {
      trusted = trusted.with([bytes]);
    } catch (error) {
      if (!(error instanceof NotProven)) throw error;
      return { problem: "wrong_delegation", file: name };
    }
  }
  return { origin: "given", root, trusted };
}

const isKey = ({ bytes }) => bytes.length === KEY_BYTES;

function bytesOf(hexadecimal) {
  return Uint8Array.from(hexadecimal.match(/../g), (digits) => parseInt(digits, 16));
}
