/** An exported journal (FORMAT.md, section 12): each entry from 0 on, none missing, none changed. */

import { ARRAY, equal, item } from "./cbor.js";
import { checkRaw } from "./cose.js";
import { PART_BYTES_MAX, PAYLOAD_BYTES_MAX, checkEnrollment, checkOwn, openEntry, signedBytesOf } from "./entries.js";
import { NotProven, inside, malformed } from "./findings.js";

const SIGNATURE_BYTES = 64;

/** Yields after each entry how many hold, and returns what all of them prove. */
export function* journal(reader, { slim, key }) {
  const hashes = [], entries = [];
  do {
    const where = `entry ${hashes.length}`;
    const stored = item(reader, where, readStored);
    const signedBytes = signedBytesOf(stored.payload, key);
    const entry = openEntry(stored.payload, stored.lines, signedBytes, where, () => checkRaw(stored.signature, signedBytes, key, where));
    checkOwn(entry, slim, `entry ${entry.sequence}`);
    checkPlace(entry, hashes);
    hashes.push(entry.hash);
    entries.push(entry);
    yield entries.length;
  } while (!reader.ended);
  return { slim, entries, first: 0, head: hashes.at(-1) };
}

function readStored(reader) {
  if (reader.number(ARRAY) !== 4) throw malformed("", "not an entry of four parts");
  const payload = part(reader, ".payload", PAYLOAD_BYTES_MAX);
  const lines = reader.nothing() ? null : part(reader, ".lines", PART_BYTES_MAX);
  if (!reader.nothing()) throw malformed(".private", "does not belong into a file for third parties");
  const signature = part(reader, ".signature", SIGNATURE_BYTES);
  if (signature.length !== SIGNATURE_BYTES) throw malformed(".signature", `not ${SIGNATURE_BYTES} bytes`);
  return { payload, lines, signature };
}

function part(reader, where, most) {
  return inside(where, () => {
    const bytes = reader.octets(most);
    if (bytes === null) throw malformed("", `not a byte string of at most ${most}`);
    return bytes;
  });
}

/** Section 6. `hashes` are those of the entries before it. */
function checkPlace(entry, hashes) {
  const { sequence, prev, hash } = entry, expected = hashes.length;
  const wrong = (finding, why) => {
    throw new NotProven(finding, `entry ${sequence}`, why);
  };
  if (sequence > expected) wrong("gap", `entry ${expected} is missing before it`);
  if (sequence < expected) {
    if (equal(hashes[sequence], hash)) wrong("duplicate", "stands there twice");
    wrong("fork", "two entries have this number");
  }
  checkEnrollment(entry, `entry ${sequence}`);
  if (sequence > 0 && !equal(prev, hashes[sequence - 1])) wrong("broken_chain", "does not name the entry before it");
}
