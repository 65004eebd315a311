/** Columns of numbers (FORMAT.md, section 11): a scale, a width, then the numbers, in one spelling. */

import { malformed } from "./findings.js";

const SCALE_MAX = 9;
const MOST = Number.MAX_SAFE_INTEGER;

/** Reads one column behind the other. */
export class Columns {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** `count` numbers from 0 to `most`. Throws what is wrong under `name`. */
  numbers(name, count, most = MOST) {
    const where = `batch.${name}`, end = this.at + 1;
    if (end > this.bytes.length) throw malformed(where, "the columns end early");
    const first = this.bytes[this.at], width = first & 7, scale = first >> 3;
    if (scale > SCALE_MAX || end + width * count > this.bytes.length) throw malformed(where, "no such scale, or the columns end early");
    const plain = Array.from({ length: count }, (_, index) => integerAt(this.bytes, end + width * index, width));
    if (!isOneSpelling(plain, width, scale)) throw malformed(where, "is not in its one spelling");
    this.at = end + width * count;
    const unit = 10 ** scale;
    if (plain.some((number) => number > Math.floor(most / unit))) throw malformed(where, `a number over ${most}`);
    return plain.map((number) => number * unit);
  }

  /** The same, of either sign. */
  folded(name, count) {
    return this.numbers(name, count).map((number) => (number % 2 ? -(number + 1) / 2 : number / 2));
  }

  /** What was not read. */
  get rest() {
    return this.bytes.subarray(this.at);
  }
}

/** Lowest byte first; over 2^53 it is not exact, and is refused anyway. */
function integerAt(bytes, at, width) {
  let value = 0;
  for (let index = width - 1; index >= 0; index -= 1) value = value * 256 + bytes[at + index];
  return value;
}

/** Whether `width` is the least that holds all, and `scale` the greatest that divides all, whose rest `plain` is. */
function isOneSpelling(plain, width, scale) {
  const largest = plain.reduce((one, other) => Math.max(one, other), 0);
  if (largest === 0) return width === 0 && scale === 0;
  return largest >= 256 ** (width - 1) && (scale === SCALE_MAX || plain.some((number) => number % 10 !== 0));
}

/** Each the step added to the one before it, from 0 to `most`. */
export function running(name, steps, most = MOST) {
  let value = 0;
  return steps.map((step) => {
    value = bounded(name, value + step, most);
    return value;
  });
}

/** `value`, if it lies from 0 to `most`. */
export function bounded(name, value, most = MOST) {
  if (!(value >= 0 && value <= most)) throw malformed(`batch.${name}`, `a number under 0 or over ${most}`);
  return value;
}
