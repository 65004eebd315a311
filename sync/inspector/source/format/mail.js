/** Mail from the center to one device (FORMAT.md, section 10), in a file (section 12). */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, item, whole } from "./cbor.js";
import { takeMessage, toBeSigned } from "./cose.js";
import { checkVersion } from "./credentials.js";
import { NotProven } from "./findings.js";
import { reading } from "./schema.js";

const CONTEXT = "sofreh/mail/1";
const DOCUMENTS = { policy: ["Policy", "sofreh/policy/1"], catalog: ["Catalog", "sofreh/catalog/1"] };

/** Yields after each item how many hold, and returns what all of them prove. */
export function* mail(reader, { slim, trusted }) {
  const before = item(reader, "before", reading("MailBefore"));
  const items = [];
  let { number, hash } = before;
  do {
    const where = `mail ${number + 1}`;
    const opened = openItem(takeMessage(reader, where), trusted, where);
    checkPlace(opened, { number, hash, device: slim.device }, where);
    opened.document = documentOf(opened, trusted, where);
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

/** The policy or the list in it, which the policy key has signed; else null. */
function documentOf(seen, trusted, where) {
  if (!Object.hasOwn(DOCUMENTS, seen.kind)) return null;
  const [record, context] = DOCUMENTS[seen.kind];
  const within = `${where}.${seen.kind}`;
  return whole(trusted.opened(seen.body.message, "policy", context, within).payload, within, reading(record));
}
