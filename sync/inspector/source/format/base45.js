/** Base45 (RFC 9285): three characters are two bytes, the last two may be one. */

import { malformed } from "./findings.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** The bytes of `text`, without its prefix. */
export function decoded(text, where) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (letter) => ALPHABET.indexOf(letter));
    if (digits.length === 1 || digits.includes(-1)) throw malformed(where, "is not base45");
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (value >= (digits.length === 3 ? 2 ** 16 : 2 ** 8)) throw malformed(where, "has a group that is too large");
    if (digits.length === 3) bytes.push(value >> 8);
    bytes.push(value & 255);
  }
  return Uint8Array.from(bytes);
}
