/**
 * What a file or a text proves to somebody who trusts the root's key: the verdict, in the words of FORMAT.md, section 12.
 *
 * No data of it leaves before all of it holds. Pure: bytes in, a verdict out; no page, no clock, no network.
 */

import { batch } from "./batch.js";
import { Reader, item, whole } from "./cbor.js";
import { PREFIX as CARD_PREFIX, card } from "./card.js";
import { deviceKey } from "./credentials.js";
import { NotProven, PROVEN } from "./findings.js";
import { journal } from "./journal.js";
import { mail } from "./mail.js";
import { PREFIX as RECEIPT_PREFIX, receipt } from "./receipt.js";
import { reading } from "./schema.js";

export const FILE_BYTES_MAX = 256 * 2 ** 20;
const MARK = [0xef, 0xbb, 0xbf], LINE_ENDS = [0x0a, 0x0d];
const HEADER_STARTS = [0xa2, 0xa3];
const FILES = { "sofreh-journal-1": ["journal", journal], "sofreh-batch-2": ["batch", batch], "sofreh-mail-1": ["mail", mail] };

const ascii = (bytes) => String.fromCharCode(...bytes);

/**
 * Looks at `bytes`. `trusted` are the keys that the reader brings. A generator: it yields how many of how many bytes were
 * looked at, so that a page stays awake, and returns the verdict
 *
 *     {what, finding, where, why, held, proven}
 *
 * `what` it was taken for; `held` how many entries hold; `proven` what is proven, or null where it is not.
 */
export function* verify(bytes, trusted) {
  const look = { what: "file", held: 0 };
  try {
    const proven = yield* lookedAt(bytes, trusted, look);
    return { what: look.what, finding: PROVEN, where: "", why: "", held: look.held, proven };
  } catch (error) {
    if (!(error instanceof NotProven)) throw error;
    const { finding, where, why } = error;
    return { what: look.what, finding, where, why, held: look.held, proven: null };
  }
}

function* lookedAt(bytes, trusted, look) {
  if (bytes.length > FILE_BYTES_MAX) throw new NotProven("unreadable", "file", "is larger than any file of this kind");
  const letters = MARK.every((byte, at) => bytes[at] === byte) ? bytes.subarray(MARK.length) : bytes;
  const start = ascii(letters.subarray(0, RECEIPT_PREFIX.length));
  for (const [prefix, what, read] of [[RECEIPT_PREFIX, "receipt", receipt], [CARD_PREFIX, "card", card]]) {
    if (start !== prefix) continue;
    look.what = what;
    const proven = read(textOf(letters), trusted);
    look.held = 1;
    return proven;
  }
  if (!HEADER_STARTS.includes(bytes[0])) throw new NotProven("unreadable", "file", "begins like nothing that is known");
  return yield* file(new Reader(bytes), trusted, look);
}

/** One byte is one letter here, for whatever is not ASCII is refused; line ends behind the text are no part of it. */
function textOf(bytes) {
  let end = bytes.length;
  while (LINE_ENDS.includes(bytes[end - 1])) end -= 1;
  return new TextDecoder("latin1").decode(bytes.subarray(0, end));
}

function* file(reader, readers, look) {
  const header = item(reader, "file.header", reading("Header"));
  const magic = ascii(header.magic);
  if (!Object.hasOwn(FILES, magic)) throw new NotProven("unreadable", "file.header.magic", "is no kind of file that is known");
  const [what, lookInto] = FILES[magic];
  look.what = what;
  const trusted = readers.with(header.delegations ?? []);
  const slim = whole(header.slim, "slim credential", reading("SlimCredential"));
  const steps = lookInto(reader, { slim, key: deviceKey(slim, trusted), trusted });
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    look.held = value;
    yield { at: reader.at, of: reader.bytes.length };
  }
}
