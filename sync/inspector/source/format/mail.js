/** Mail from the center to one device (FORMAT.md, section 10), in a file (section 12). */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, item, joined, whole } from "./cbor.js";
import { parse, takeMessage, toBeSigned } from "./cose.js";
import { checkVersion } from "./credentials.js";
import { NotProven, malformed } from "./findings.js";
import { reading } from "./schema.js";

const CONTEXT = "sofreh/mail/1";
const DOCUMENT_BYTES_MAX = 2 ** 20;
const DOCUMENTS = { policy: ["Policy", "sofreh/policy/1"], catalog: ["Catalog", "sofreh/catalog/1"] };

/** Yields after each item how many hold, and returns what all of them prove. */
export function* mail(reader, { slim, trusted }) {
  const before = item(reader, "before", reading("MailBefore"));
  const items = [], payloads = new Map();
  let { number, hash } = before;
  do {
    const where = `mail ${number + 1}`;
    const opened = openItem(takeMessage(reader, where), trusted, where);
    checkPlace(opened, { number, hash, device: slim.device }, where);
    if (Object.hasOwn(DOCUMENTS, opened.kind)) opened.document = documentOf(opened, payloads, trusted, `${where}.${opened.kind}`);
    ({ number, hash } = opened);
    items.push(opened);
    yield items.length;
  } while (!reader.ended);
  return { slim, items, first: before.number + 1, head: hash };
}

function openItem(message, trusted, where) {
  const { payload, key } = trusted.opened(message, "mail", CONTEXT, where);
  const seen = whole(payload, where, reading("MailPayload"));
  checkVersion(seen, where);
  return { ...seen, hash: sha256(toBeSigned(payload, key, CONTEXT)) };
}

function checkPlace(seen, after, where) {
  if (seen.device !== after.device) throw new NotProven("other_device", where, "is for another device");
  if (seen.number !== after.number + 1 || !equal(seen.prev, after.hash)) {
    throw new NotProven("broken_chain", where, "does not follow the item before it");
  }
}

/**
 * The policy or the list in it, which the policy key has signed; null where it changes one that came before these items.
 * `payloads` are the last of each kind.
 */
function documentOf({ kind, body }, payloads, trusted, where) {
  if (Boolean(body.base) !== Boolean(body.changes)) throw malformed(where, "changes without what they change");
  if (body.changes && !payloads.has(kind)) return null;
  const [record, context] = DOCUMENTS[kind];
  const parts = parse(body.message, where);
  if (body.changes) parts.payload = changed(payloads.get(kind), body, parts.payload, where);
  const { payload } = trusted.openedParts(parts, "policy", context, where);
  const document = whole(payload, where, reading(record), DOCUMENT_BYTES_MAX);
  payloads.set(kind, payload);
  return document;
}

/** The payload that comes of `old` by the changes, each a piece of it and then what is new. */
function changed(old, { base, changes }, besides, where) {
  if (!equal(sha256(old), base)) throw new NotProven("bad_hash", where, "changes another document than the one before it");
  if (besides.length > 0) throw malformed(where, "a payload beside the changes");
  if (changes.reduce((sum, { size, more }) => sum + size + more.length, 0) > DOCUMENT_BYTES_MAX) throw malformed(where, "becomes too large");
  if (changes.some(({ start, size }) => start + size > old.length)) throw malformed(where, "takes more than there is");
  return joined(...changes.flatMap(({ start, size, more }) => [old.subarray(start, start + size), more]));
}
