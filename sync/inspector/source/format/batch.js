/** A batch in a file (FORMAT.md, sections 11 and 12): entries of one device in a row, from a base on. */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, item, joined, whole } from "./cbor.js";
import { Columns } from "./columns.js";
import { checkRaw, opened, parse, takeMessage } from "./cose.js";
import { checkVersion } from "./credentials.js";
import { PART_BYTES_MAX, checkEnrollment, checkOwn, openEntry, payloadOf, signedBytesOf } from "./entries.js";
import { NotProven, inside, malformed } from "./findings.js";
import { NotLzma, decompressed } from "./lzma.js";
import { purchasesIn } from "./purchases.js";
import { reading, readingOctets } from "./schema.js";

const VERSION = 2;
const COLUMNS_BYTES_MAX = 2 ** 20, WINDOW_BYTES = 2 ** 16, DICTIONARY_BYTES_MAX = 2 ** 20;
const BLIND_BYTES = 16, ENTRIES_MAX = 200;
const BLOCK_ENTRIES = 32, CHECK_BYTES = 8, SIGNATURE_BYTES = 64;
const IN_COLUMNS = 1;

/** Yields after each entry how many hold, and returns what all of them prove. */
export function* batch(reader, { slim, key }) {
  const message = takeMessage(reader, "request");
  const blinds = item(reader, "blinds", readingOctets(BLIND_BYTES, ENTRIES_MAX));
  const dictionary = reader.ended ? null : takeMessage(reader, "dictionary");
  if (!reader.ended) throw malformed("dictionary", "bytes are left over");
  const request = requestIn(message, slim, key);
  const entries = [];
  for (const entry of entriesIn(request, dictionary, blinds, key)) {
    const where = `entry ${entry.sequence}`;
    checkOwn(entry, slim, where);
    checkEnrollment(entry, where);
    entries.push(entry);
    yield entries.length;
  }
  if (blinds.length > 0) throw malformed("blinds", "are more than private parts");
  return { slim, entries, first: request.base, head: entries.at(-1)?.hash ?? null };
}

function requestIn(message, slim, key) {
  const payload = opened(parse(message, "request"), key, "sofreh/exchange-request/1", "request");
  const request = whole(payload, "request", reading("ExchangeRequest"));
  checkVersion(request, "request", VERSION);
  if (request.device !== slim.device) throw new NotProven("other_device", "request", "is of another device");
  return request;
}

/** The entries, each once its signature holds: its own, or in a lean batch the last one's, which binds them all. */
function* entriesIn(request, dictionary, blinds, key) {
  if (request.batch.length === 0) {
    if (dictionary) throw malformed("dictionary", "nothing names it");
    return;
  }
  const found = whole(request.batch, "batch", reading("Batch"));
  checkSizes(found);
  const rows = rowsIn(found, request.base, dictionaryOf(found, dictionary));
  const blocks = rebuilt(rows, found.checks, request, blinds, key);
  const signatureAt = (at) => found.signatures.subarray(SIGNATURE_BYTES * at, SIGNATURE_BYTES * (at + 1));
  if (found.lean) {
    const entries = [...blocks].flat();
    checkRaw(signatureAt(0), entries.at(-1).signedBytes, key, entries.at(-1).where);
    yield* entries.map(openRebuilt);
    return;
  }
  let at = 0;
  for (const block of blocks) {
    for (const entry of block) {
      checkRaw(signatureAt(at), entry.signedBytes, key, entry.where);
      yield openRebuilt(entry);
      at += 1;
    }
  }
}

function checkSizes({ count, lean, checks, signatures }) {
  if (count === 0) throw malformed("batch.count", "no entry, and yet a batch");
  if (checks.length !== CHECK_BYTES * Math.ceil(count / BLOCK_ENTRIES)) throw malformed("batch.checks", "not one for each block");
  if (signatures.length !== SIGNATURE_BYTES * (lean ? 1 : count)) throw malformed("batch.signatures", "not those of these entries");
}

/** {things, buyers} of the dictionary that the batch names, or null. */
function dictionaryOf({ dictionary: hash }, bytes) {
  if (Boolean(hash) !== Boolean(bytes)) throw malformed("dictionary", hash ? "is missing" : "nothing names it");
  if (!hash) return null;
  if (!equal(sha256(bytes), hash)) throw new NotProven("bad_hash", "dictionary", "is another than the batch names");
  return whole(bytes, "dictionary", reading("Dictionary"), DICTIONARY_BYTES_MAX);
}

/** What was sent of each entry, as bytes: {kind, time, boot, fact, lines, private}, and whether it stood in columns. */
function rowsIn({ count, columns: pressed, proofs }, base, dictionary) {
  const columns = new Columns(unpressed(pressed));
  const forms = columns.numbers("form", count, IN_COLUMNS);
  const sequences = forms.flatMap((form, at) => (form === IN_COLUMNS ? [base + at] : []));
  if (sequences.length === 0 && proofs.length > 0) throw malformed("batch.proofs", "no purchase stands in columns");
  const purchases = sequences.length > 0 ? purchasesIn(columns, sequences, proofs, dictionary) : [];
  const others = whole(columns.rest, "batch", (reader) => forms.flatMap((form, at) => (form === IN_COLUMNS ? [] : [
    inside(`.entry ${base + at}`, () => asWritten(reader)),
  ])));
  return forms.map((form) => ({ inColumns: form === IN_COLUMNS, ...(form === IN_COLUMNS ? purchases : others).shift() }));
}

function unpressed(bytes) {
  try {
    return decompressed(bytes, COLUMNS_BYTES_MAX, WINDOW_BYTES);
  } catch (error) {
    throw error instanceof NotLzma ? malformed("batch.columns", "is no such LZMA stream") : error;
  }
}

function asWritten(reader) {
  const { spans, lines } = reading("Verbatim")(reader);
  return { kind: spans.kind, time: spans.time, boot: spans.boot, fact: spans.public, lines, private: spans.private ?? null };
}

/** The entries as they were signed, block by block. A block whose check differs ends it: something else was rebuilt. */
function* rebuilt(rows, checks, { device, base, base_prev }, blinds, key) {
  const privateHashes = rows.map((row, at) => privateHash(row, blinds, base + at));
  let prev = base_prev;
  for (let from = 0; from < rows.length; from += BLOCK_ENTRIES) {
    const block = rows.slice(from, from + BLOCK_ENTRIES).map((row, index) => {
      const sequence = base + from + index;
      const payload = payloadOf({ device, sequence, prev, ...row, linesHash: row.lines && sha256(row.lines), privateHash: privateHashes[from + index] });
      const signedBytes = signedBytesOf(payload, key);
      prev = sha256(signedBytes);
      return { ...row, payload, signedBytes, where: `entry ${sequence}` };
    });
    const check = checks.subarray(CHECK_BYTES * (from / BLOCK_ENTRIES)).subarray(0, CHECK_BYTES);
    if (block.some(({ inColumns }) => inColumns) && !equal(sha256(block.at(-1).payload).subarray(0, CHECK_BYTES), check)) {
      throw new NotProven("bad_hash", `entries ${base + from} to ${base + from + block.length - 1}`, "other entries were rebuilt than were packed");
    }
    yield block;
  }
}

function privateHash({ private: bytes }, blinds, sequence) {
  if (!bytes) return null;
  if (blinds.length === 0) throw malformed("blinds", `that of entry ${sequence} is missing`);
  return sha256(joined(blinds.shift(), bytes));
}

function openRebuilt({ payload, lines, private: bytes, signedBytes, where }) {
  const entry = openEntry(payload, lines, signedBytes, where);
  if (bytes) whole(bytes, `${where}.private`, reading("PrivatePart"), PART_BYTES_MAX);
  return entry;
}
