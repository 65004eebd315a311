/** Signatures: COSE_Sign1 (RFC 9052), FORMAT.md, section 2. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ARRAY, MAP, UINT, equal, head, item, joined, ofArray, ofOctets, ofText, whole } from "./cbor.js";
import { NotProven, malformed } from "./findings.js";

const ALGORITHM = 1, KEY_ID = 4;
const EDDSA = -8;
const KEY_ID_BYTES = 8, SIGNATURE_BYTES = 64;
const PROTECTED_BYTES_MAX = 64;
const SIGNATURE1 = ofText("Signature1");

export const keyId = (key) => sha256(key.bytes).subarray(0, KEY_ID_BYTES);

/** The protected header under which `key` signs. */
function headerOf(key) {
  return joined(head(MAP, 2), head(UINT, ALGORITHM), Uint8Array.of(0x27), head(UINT, KEY_ID), ofOctets(keyId(key)));
}

/** The bytes that are signed, and hashed, when `key` signs `payload` for the purpose `context`. */
export function toBeSigned(payload, key, context) {
  return ofArray([SIGNATURE1, ofOctets(headerOf(key)), ofOctets(new TextEncoder().encode(context)), ofOctets(payload)]);
}

/** A signature whose message is not sent. */
export function checkRaw(signature, signedBytes, key, where) {
  if (!key.signed(signature, signedBytes)) throw new NotProven("bad_signature", where, "is not the key's over these bytes");
}

/** The parts of a message: which key it names, what it says. Nothing is proven yet. */
export function parse(message, where) {
  const parts = whole(message, where, readMessage);
  return { ...parts, ...whole(parts.header, `${where}.protected`, readHeader, PROTECTED_BYTES_MAX) };
}

/** The payload of `parts`, which `key` signed for the purpose `context`. */
export function opened(parts, key, context, where) {
  if (parts.algorithm !== EDDSA) throw new NotProven("bad_signature", where, "an algorithm that is not the key's");
  if (!equal(parts.keyId, keyId(key))) throw new NotProven("bad_signature", where, "names another key");
  checkRaw(parts.signature, toBeSigned(parts.payload, key, context), key, where);
  return parts.payload;
}

function readMessage(reader) {
  if (reader.number(ARRAY) !== 4) throw malformed("", "not a message of four parts");
  const header = octets(reader, "protected header");
  if (reader.number(MAP) !== 0) throw malformed("", "has an unprotected header");
  const payload = octets(reader, "payload");
  const signature = octets(reader, "signature");
  if (signature.length !== SIGNATURE_BYTES) throw malformed("", `a signature of other than ${SIGNATURE_BYTES} bytes`);
  return { header, payload, signature };
}

function readHeader(reader) {
  if (reader.number(MAP) !== 2 || reader.key() !== ALGORITHM) throw malformed("", "not the two header fields");
  const algorithm = reader.integer();
  if (algorithm === null || reader.key() !== KEY_ID) throw malformed("", "not the two header fields");
  const named = octets(reader, "key id");
  if (named.length !== KEY_ID_BYTES) throw malformed("", `a key id of other than ${KEY_ID_BYTES} bytes`);
  return { algorithm, keyId: named };
}

function octets(reader, what) {
  const bytes = reader.octets(Infinity);
  if (bytes === null) throw malformed("", `its ${what} is not a byte string`);
  return bytes;
}

/** The next item of a file, a message in a byte string. */
export function takeMessage(reader, where) {
  return item(reader, where, (its) => octets(its, "message"));
}
