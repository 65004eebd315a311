/**
 * What comes of a look at a file: one word of FORMAT.md, section 12, and where and why it does not hold.
 *
 * `why` is technical English and names no value of the document: nothing of it is told before all of it holds.
 */

export const PROVEN = "proven";

/** Ends a look. `where` is a dotted path such as `entry 3.public.legs[0].amount_rial`. */
export class NotProven extends Error {
  constructor(finding, where, why) {
    super(`${where}: ${why} (${finding})`);
    this.finding = finding;
    this.where = where;
    this.why = why;
  }

  /** The same, as seen by whoever reads the whole of which this was the part `outer`. */
  within(outer) {
    return new NotProven(this.finding, outer + this.where, this.why);
  }
}

export function malformed(where, why) {
  return new NotProven("malformed", where, why);
}

/** Runs `read`; what it finds wrong lies within `outer`. */
export function inside(outer, read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof NotProven ? error.within(outer) : error;
  }
}
