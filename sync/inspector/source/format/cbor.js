/**
 * Deterministic CBOR (RFC 8949, 4.2.1; FORMAT.md, section 1): one spelling a value, everything else is refused.
 *
 * A `Reader` walks over bytes. Where they end too early it throws `Truncated`: whoever reads a whole thing names it then,
 * for a field that is not there any more is not a wrong field.
 */

import { NotProven, malformed } from "./findings.js";

export const UINT = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5;
const FALSE = 0xf4, TRUE = 0xf5, NULL = 0xf6;
const DEPTH_MAX = 12;
/** No map key of the format is longer than this one byte: 0 to 23, and -1 to -24. */
const isKey = (byte) => byte < 24 || (byte >= 0x20 && byte < 0x38);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Truncated extends Error {}

export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended() {
    return this.at === this.bytes.length;
  }

  /** The next byte, which stays. */
  peek() {
    if (this.at >= this.bytes.length) throw new Truncated();
    return this.bytes[this.at];
  }

  /** The next `size` bytes. */
  take(size) {
    if (this.at + size > this.bytes.length) throw new Truncated();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** The value, length or count of an item of major type `major` in its shortest form; null where there is none. */
  number(major) {
    const first = this.peek();
    if (first >> 5 !== major) return null;
    const low = first & 31;
    this.at += 1;
    if (low < 24) return low;
    if (low > 27) return null;
    const size = 1 << (low - 24);
    const at = this.at;
    this.take(size);
    const value = size === 1 ? this.bytes[at]
      : size === 2 ? this.view.getUint16(at)
      : size === 4 ? this.view.getUint32(at)
      : this.view.getUint32(at) * 2 ** 32 + this.view.getUint32(at + 4);
    const least = size === 1 ? 24 : 2 ** (4 * size);
    return value >= least && Number.isSafeInteger(value) ? value : null;
  }

  /** An integer of either sign, or null. */
  integer() {
    if (this.peek() >> 5 !== NEGATIVE) return this.number(UINT);
    const value = this.number(NEGATIVE);
    return value === null || value === Number.MAX_SAFE_INTEGER ? null : -1 - value;
  }

  /** A byte string, or null. */
  octets(most) {
    const size = this.number(BYTES);
    return size === null || size > most ? null : this.take(size);
  }

  /** A text, or null; also where it is not UTF-8. */
  text() {
    const size = this.number(TEXT);
    if (size === null) return null;
    try {
      return utf8.decode(this.take(size));
    } catch (error) {
      if (error instanceof Truncated) throw error;
      return null;
    }
  }

  /** True or false, or null. */
  flag() {
    const first = this.peek();
    if (first !== FALSE && first !== TRUE) return null;
    this.at += 1;
    return first === TRUE;
  }

  /** Whether the next value is null, which is then read. */
  nothing() {
    if (this.peek() !== NULL) return false;
    this.at += 1;
    return true;
  }

  /** A map's key, or null where the next byte is none. */
  key() {
    const first = this.peek();
    if (!isKey(first)) return null;
    this.at += 1;
    return first < 24 ? first : 0x1f - first;
  }

  /** The bytes of any one value that the format allows. */
  value(depth = DEPTH_MAX) {
    const start = this.at;
    this.#skip(depth);
    return this.bytes.subarray(start, this.at);
  }

  #skip(depth) {
    const first = this.peek(), major = first >> 5;
    if (first >= FALSE && first <= NULL) {
      this.at += 1;
      return;
    }
    if (major > MAP) throw malformed("", "a tag, a float or another value that is not allowed");
    if (major === TEXT) {
      if (this.text() === null) throw malformed("", "a text that is not UTF-8");
      return;
    }
    const number = this.number(major);
    if (number === null) throw malformed("", "no number in its shortest form");
    if (major === BYTES) this.take(number);
    if (major < ARRAY) return;
    if (depth === 0) throw malformed("", "nested too deep");
    if (major === ARRAY) for (let index = 0; index < number; index += 1) this.#skip(depth - 1);
    else this.#skipPairs(number, depth);
  }

  #skipPairs(count, depth) {
    let before = -1;
    for (let index = 0; index < count; index += 1) {
      const key = this.peek();
      if (this.key() === null || key <= before) throw malformed("", "map keys that do not ascend");
      before = key;
      this.#skip(depth - 1);
    }
  }
}

/** What `read` makes of `bytes`, which must be used up. Whatever is wrong with them lies in `where`. */
export function whole(bytes, where, read, most = Infinity) {
  if (bytes.length > most) throw malformed(where, `more than ${most} bytes`);
  const reader = new Reader(bytes);
  const value = item(reader, where, read);
  if (!reader.ended) throw malformed(where, "bytes are left over");
  return value;
}

/** The next item of a row of them. Whatever is wrong with it lies in `where`. */
export function item(reader, where, read) {
  try {
    return read(reader);
  } catch (error) {
    if (error instanceof Truncated) throw malformed(where, "the bytes end too early");
    throw error instanceof NotProven ? error.within(where) : error;
  }
}

/** The first bytes of an item: its major type, and its value, length or count in the shortest form. */
export function head(major, number) {
  const first = major << 5;
  if (number < 24) return Uint8Array.of(first | number);
  if (number < 2 ** 8) return Uint8Array.of(first | 24, number);
  const size = number < 2 ** 16 ? 2 : number < 2 ** 32 ? 4 : 8;
  const bytes = new Uint8Array(1 + size), view = new DataView(bytes.buffer);
  bytes[0] = first | (24 + Math.log2(size));
  if (size === 2) view.setUint16(1, number);
  else {
    view.setUint32(size - 3, number % 2 ** 32);
    if (size === 8) view.setUint32(1, Math.floor(number / 2 ** 32));
  }
  return bytes;
}

export const ofNumber = (number) => head(UINT, number);
export const ofOctets = (bytes) => joined(head(BYTES, bytes.length), bytes);
export const ofText = (text) => {
  const bytes = new TextEncoder().encode(text);
  return joined(head(TEXT, bytes.length), bytes);
};
export const ofArray = (items) => joined(head(ARRAY, items.length), ...items);
/** `pairs`: [key, bytes of the value], keys from 0 to 23 in ascending order. */
export const ofMap = (pairs) => joined(head(MAP, pairs.length), ...pairs.flatMap(([key, value]) => [head(UINT, key), value]));

export function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
