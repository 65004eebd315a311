/** A receipt's QR (FORMAT.md, section 8): an entry that proves itself on paper. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ARRAY, Reader, whole } from "./cbor.js";
import { checkRaw } from "./cose.js";
import { deviceKey } from "./credentials.js";
import { decoded } from "./base45.js";
import { linesOf, payloadOf, signedBytesOf } from "./entries.js";
import { NotProven, malformed } from "./findings.js";
import { reading } from "./schema.js";

export const PREFIX = "R1:";
const BYTES_MAX = 2048, HASH_BYTES = 32;

/** What the receipt proves, as `telling` words it. The steps are those of FORMAT.md. */
export function receipt(text, trusted) {
  // 1. decode strictly; verify the slim credential
  const seen = whole(decoded(text.slice(PREFIX.length), "receipt"), "receipt", reading("Receipt"), BYTES_MAX);
  const { lines, linesHash } = partOf(seen);
  const { slim } = seen;
  const key = deviceKey(slim, trusted);
  // 2. made while the credential was good
  if (seen.time.not_before_s > slim.until_s) {
    throw new NotProven("expired", "receipt", "was made after its device's credential had ended");
  }
  // 3. what was signed
  const { kind, time, boot, public: fact } = seen.spans;
  const { sequence, prev, private_hash: privateHash, signature } = seen;
  const payload = payloadOf({ device: slim.device, sequence, prev, kind, time, boot, fact, linesHash, privateHash });
  // 4. by this device
  checkRaw(signature, signedBytesOf(payload, key), key, `receipt ${slim.device}-${sequence}`);
  return { slim, entry: { sequence, kind: seen.kind, time: seen.time, boot: seen.boot, fact: seen.public, lines, linesHash } };
}

/** The lines, where they stand there, and their hash; null where the entry has none. */
function partOf({ lines: bytes }) {
  if (bytes === null) return { lines: null, linesHash: null };
  const reader = new Reader(bytes);
  if (reader.peek() >> 5 === ARRAY) return { lines: linesOf(bytes, "receipt.lines"), linesHash: sha256(bytes) };
  const hash = reader.octets(HASH_BYTES);
  if (hash === null || hash.length !== HASH_BYTES) throw malformed("receipt.lines", "neither lines nor their hash");
  return { lines: null, linesHash: hash };
}
