/** Entries: signed, hashed, in their place (FORMAT.md, sections 4 to 6). */

import { sha256 } from "@noble/hashes/sha2.js";
import { ARRAY, equal, ofMap, ofNumber, ofOctets, whole } from "./cbor.js";
import { toBeSigned } from "./cose.js";
import { checkVersion } from "./credentials.js";
import { NotProven, inside, malformed } from "./findings.js";
import { reading } from "./schema.js";

export const PAYLOAD_BYTES_MAX = 4096, PART_BYTES_MAX = 8192;
const LINES_MAX = 99, AMOUNT_RIAL_MAX = 1e14;
const GRAMS = 1000;
const CONTEXT = "sofreh/entry/1";

/**
 * A payload from its fields. `kind`, `time`, `boot` and `fact` are their bytes as they stood, so that what was signed comes
 * out; `linesHash` and `privateHash` are null where the entry has no such part.
 */
export function payloadOf({ device, sequence, prev, kind, time, boot, fact, linesHash, privateHash }) {
  const pairs = [
    [0, ofNumber(1)], [1, ofNumber(device)], [2, ofNumber(sequence)], [3, ofOctets(prev)], [4, kind], [5, time], [6, boot], [7, fact],
  ];
  if (linesHash) pairs.push([8, ofOctets(linesHash)]);
  if (privateHash) pairs.push([9, ofOctets(privateHash)]);
  return ofMap(pairs);
}

/** The bytes that the device signs when `payload` is an entry's. */
export const signedBytesOf = (payload, key) => toBeSigned(payload, key, CONTEXT);

/**
 * The entry with this `payload`, and with these bytes of lines or null, in its form; not its place. `checkSignature` is called
 * once the payload's form is right, unless it was called before.
 */
export function openEntry(payload, lines, signedBytes, where, checkSignature = () => {}) {
  const entry = whole(payload, where, reading("Payload"), PAYLOAD_BYTES_MAX);
  checkVersion(entry, where);
  checkSignature();
  checkLines(entry.lines_hash, lines, `${where}.lines`);
  return {
    sequence: entry.sequence, device: entry.device, prev: entry.prev, kind: entry.kind, time: entry.time, boot: entry.boot,
    fact: entry.public, lines: lines && linesOf(lines, `${where}.lines`), hash: sha256(signedBytes),
  };
}

function checkLines(hash, lines, where) {
  if (hash ? lines === null || !equal(sha256(lines), hash) : lines !== null) {
    throw new NotProven("bad_hash", where, "are not those that were signed");
  }
}

/** The lines in `bytes`, each with what it costs. */
export function linesOf(bytes, where) {
  return whole(bytes, where, readLines, PART_BYTES_MAX).map((line, index) => inside(`${where}[${index}]`, () => priced(line)));
}

function readLines(reader) {
  const count = reader.number(ARRAY);
  if (count === null || count > LINES_MAX) throw malformed("", `not an array of at most ${LINES_MAX}`);
  const read = reading("Line");
  return Array.from({ length: count }, (_, index) => inside(`[${index}]`, () => read(reader)));
}

/** A line with what it costs. */
function priced(line) {
  const total_rial = costOf({ weighed: line.unit === "gram", price_rial: line.price_rial, quantity: line.quantity });
  if (total_rial > AMOUNT_RIAL_MAX) throw malformed("", "costs more than an amount may be");
  return { ...line, total_rial };
}

/** What a line costs (section 4). The product may be larger than what a number holds exactly. */
export function costOf({ weighed, price_rial, quantity }) {
  const product = BigInt(price_rial) * BigInt(quantity);
  return Number(weighed ? (product + BigInt(GRAMS / 2)) / BigInt(GRAMS) : product);
}

/** What every entry must be: this device's, made before its credential ended. */
export function checkOwn(entry, slim, where) {
  if (entry.device !== slim.device) throw new NotProven("other_device", where, "is of another device");
  if (entry.time.not_before_s > slim.until_s) {
    throw new NotProven("expired", where, "was made after its device's credential had ended");
  }
}

/** Entry 0 and no other is an enrollment, and follows the credential that it names (section 6). */
export function checkEnrollment({ sequence, prev, kind, fact }, where) {
  if ((kind === "enrolled") !== (sequence === 0)) throw new NotProven("broken_chain", where, "entry 0 and no other is an enrollment");
  if (sequence === 0 && !equal(prev, fact.credential_hash)) throw new NotProven("broken_chain", where, "does not follow the credential that it names");
}
