/**
 * Raw LZMA1 with lc = lp = pb = 0 and an end marker, as FORMAT.md, section 11, has it.
 *
 * Source: I. Pavlov, LZMA specification (2015), whose names stand here. Throws `NotLzma` at whatever liblzma refuses: another
 * first byte, a distance beyond what is there, a stream that ends early, has no end marker, or has bytes behind it.
 */

const PROBABILITY_BITS = 11, PROBABILITY_HALF = 1 << (PROBABILITY_BITS - 1), MOVE_BITS = 5;
const TOP = 2 ** 24;
const STATES = 12, FIRST_AFTER_MATCH = 7;
const LENGTH_MIN = 2, LENGTHS_TO_POSITION = 4;
const DISTANCE_SLOT_BITS = 6, MODEL_SLOTS = [4, 14], ALIGN_BITS = 4;
const END_MARKER = 0xffffffff;

export class NotLzma extends Error {}

const probabilities = (count) => new Uint16Array(count).fill(PROBABILITY_HALF);

class RangeDecoder {
  #bytes;
  #at = 5;
  #range = 0xffffffff;
  #code;

  constructor(bytes) {
    if (bytes.length < 5 || bytes[0] !== 0) throw new NotLzma();
    this.#bytes = bytes;
    this.#code = new DataView(bytes.buffer, bytes.byteOffset + 1, 4).getUint32(0);
  }

  /** Whether the stream is used up, as its encoder leaves it. */
  get finished() {
    this.#normalize();
    return this.#at === this.#bytes.length && this.#code === 0;
  }

  #normalize() {
    if (this.#range >= TOP) return;
    if (this.#at >= this.#bytes.length) throw new NotLzma();
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#bytes[this.#at]) >>> 0;
    this.#at += 1;
  }

  bit(model, at) {
    this.#normalize();
    const bound = (this.#range >>> PROBABILITY_BITS) * model[at];
    if (this.#code < bound) {
      this.#range = bound;
      model[at] += ((1 << PROBABILITY_BITS) - model[at]) >> MOVE_BITS;
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    model[at] -= model[at] >> MOVE_BITS;
    return 1;
  }

  /** A number of `count` bits that are as likely as not. */
  direct(count) {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      this.#normalize();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  /** A number of `count` bits, the highest first. */
  tree(model, count, from = 0) {
    let node = 1;
    for (let index = 0; index < count; index += 1) node = node * 2 + this.bit(model, from + node);
    return node - 2 ** count;
  }

  /** The same, the lowest first. */
  reversedTree(model, count, from = 0) {
    let node = 1, value = 0;
    for (let index = 0; index < count; index += 1) {
      const bit = this.bit(model, from + node);
      node = node * 2 + bit;
      value += bit * 2 ** index;
    }
    return value;
  }
}

class Lengths {
  #choice = probabilities(2);
  #low = probabilities(1 << 3);
  #middle = probabilities(1 << 3);
  #high = probabilities(1 << 8);

  /** A length less the least that a match has. */
  next(decoder) {
    if (!decoder.bit(this.#choice, 0)) return decoder.tree(this.#low, 3);
    return decoder.bit(this.#choice, 1) ? 16 + decoder.tree(this.#high, 8) : 8 + decoder.tree(this.#middle, 3);
  }
}

class Distances {
  #slots = Array.from({ length: LENGTHS_TO_POSITION }, () => probabilities(1 << DISTANCE_SLOT_BITS));
  #special = probabilities(128);
  #align = probabilities(1 << ALIGN_BITS);

  /** How far back a match of this length begins, less one. */
  next(decoder, length) {
    const slot = decoder.tree(this.#slots[Math.min(length, LENGTHS_TO_POSITION - 1)], DISTANCE_SLOT_BITS);
    if (slot < MODEL_SLOTS[0]) return slot;
    const bits = (slot >> 1) - 1, start = (2 | (slot & 1)) * 2 ** bits;
    if (slot < MODEL_SLOTS[1]) return start + decoder.reversedTree(this.#special, bits, start - slot);
    return start + decoder.direct(bits - ALIGN_BITS) * 2 ** ALIGN_BITS + decoder.reversedTree(this.#align, ALIGN_BITS);
  }
}

/** What `bytes` hold: at most `most` bytes, made with a window of `window`. */
export function decompressed(bytes, most, window) {
  const decoder = new RangeDecoder(bytes), out = new Uint8Array(most);
  const isMatch = probabilities(STATES), isRepeat = probabilities(STATES), isRepeat0 = probabilities(STATES);
  const isRepeat1 = probabilities(STATES), isRepeat2 = probabilities(STATES), isRepeat0Long = probabilities(STATES);
  const literals = probabilities(0x300), lengths = new Lengths(), repeatLengths = new Lengths(), distances = new Distances();
  let at = 0, state = 0, repeats = [0, 0, 0, 0];

  /** Writes `count` bytes that stand `distance` + 1 before. */
  const copy = (distance, count) => {
    if (distance >= Math.min(at, window) || at + count > most) throw new NotLzma();
    for (let index = 0; index < count; index += 1, at += 1) out[at] = out[at - distance - 1];
  };
  const literal = () => {
    if (at === most) throw new NotLzma();
    let node = 1;
    if (state >= FIRST_AFTER_MATCH) {
      for (let match = out[at - repeats[0] - 1]; node < 0x100; match = (match << 1) & 0xff) {
        const expected = match >> 7, bit = decoder.bit(literals, ((1 + expected) << 8) + node);
        node = node * 2 + bit;
        if (bit !== expected) break;
      }
    }
    while (node < 0x100) node = node * 2 + decoder.bit(literals, node);
    out[at] = node;
    at += 1;
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  };
  const repeat = () => {
    if (!decoder.bit(isRepeat0, state)) {
      if (!decoder.bit(isRepeat0Long, state)) {
        state = state < FIRST_AFTER_MATCH ? 9 : 11;
        return 1;
      }
    } else {
      const which = decoder.bit(isRepeat1, state) ? 2 + decoder.bit(isRepeat2, state) : 1;
      repeats = [repeats[which], ...repeats.filter((_, index) => index !== which)];
    }
    state = state < FIRST_AFTER_MATCH ? 8 : 11;
    return LENGTH_MIN + repeatLengths.next(decoder);
  };

  for (;;) {
    if (!decoder.bit(isMatch, state)) literal();
    else if (decoder.bit(isRepeat, state)) {
      const length = repeat();
      copy(repeats[0], length);
    } else {
      const length = lengths.next(decoder), distance = distances.next(decoder, length);
      if (distance === END_MARKER) break;
      repeats = [distance, ...repeats.slice(0, 3)];
      state = state < FIRST_AFTER_MATCH ? 7 : 10;
      copy(distance, LENGTH_MIN + length);
    }
  }
  if (!decoder.finished) throw new NotLzma();
  return out.subarray(0, at);
}
