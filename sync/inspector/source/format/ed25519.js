/**
 * Ed25519 (RFC 8032, 5.1.7) as OpenSSL checks it: without the cofactor, so that R itself must come out.
 *
 * noble's own `verify` multiplies by the cofactor: whoever makes its own key could sign so that one of two verifiers says yes
 * and the other no. The arithmetic is noble's.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { equal, joined } from "./cbor.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
/** Making a table costs as much as it then saves on so many. */
const SIGNATURES_WORTH_A_TABLE = 256;

/** One signer. Whose key is no point of the curve has signed nothing. */
export class VerifyingKey {
  #point;
  #asked = 0;

  constructor(bytes) {
    this.bytes = bytes;
    try {
      this.#point = Point.fromBytes(bytes);
    } catch {
      this.#point = null;
    }
  }

  /** Whether anybody can hold its private half: of a point of small order everybody can sign for it. */
  get isSound() {
    return this.#point !== null && !this.#point.isSmallOrder();
  }

  /** Whether `signature` is this key's over `message`. */
  signed(signature, message) {
    const s = integerOf(signature.subarray(32));
    if (this.#point === null || s >= ORDER) return false;
    this.#asked += 1;
    if (this.#asked === SIGNATURES_WORTH_A_TABLE) this.#point.precompute(8);
    const r = signature.subarray(0, 32);
    const k = integerOf(sha512(joined(r, this.bytes, message))) % ORDER;
    const expected = Point.BASE.multiplyUnsafe(s).subtract(this.#point.multiplyUnsafe(k));
    return equal(expected.toBytes(), r);
  }
}

/** Little-endian. */
function integerOf(bytes) {
  return BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).reverse().join("")}`);
}
