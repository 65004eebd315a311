/**
 * What is proven, in rows for the reader. Only proven values come here.
 *
 * A telling is {rows, sums, list, unproven}: rows of [label, pieces]; sums likewise, or none; `list` of {title, rows()} for each
 * entry or item, made when it is opened; `unproven` sentences.
 */

import { receiptNumber } from "../format/receipt-number.js";

const TEXTS = new Set(["name", "place", "title", "phase", "version", "label_template", "code", "contacts"]);
const MOMENTS = new Set(["opens_at_s", "authorize_until_s", "present_by_s", "send_by_s", "pay_by_s", "day_s", "valid_from_s"]);
const LIST_SHOWN_MAX = 20;
const TIME_RELIED_ON = ["trusted", "estimated"];

export const TELLINGS = {
  receipt({ slim, entry }, speech) {
    const { words } = speech;
    const unproven = [words.unproven.later, words.unproven.household];
    if (entry.linesHash && !entry.lines) unproven.push(words.unproven.goods);
    if (!TIME_RELIED_ON.includes(entry.time.grade)) unproven.push(words.unproven.time);
    return {
      rows: [
        [words.labels.receipt, { code: receiptNumber(slim.device, entry.sequence) }],
        [words.labels.shop, { code: String(slim.shop) }],
        [words.labels.device, { code: String(slim.device) }],
        ...entryRows(entry, speech),
      ],
      unproven: unproven.map((one) => [one]),
    };
  },

  card(proven, speech) {
    const { words } = speech;
    return {
      rows: [[words.labels.card, { code: String(proven.number) }], [words.labels.good_until, speech.moment(proven.until_s)]],
      unproven: [[words.unproven.revoked], [words.unproven.holder]],
    };
  },

  journal: (proven, speech) => chain(proven, speech, [speech.words.unproven.newer, speech.words.unproven.household, speech.words.unproven.verdicts]),

  batch: (proven, speech) => chain(proven, speech, [speech.words.unproven.newer, speech.words.unproven.verdicts]),

  mail({ slim, items, first, head }, speech) {
    const { labels, unproven } = speech.words;
    return {
      rows: [...deviceRows(slim, speech), [labels.from_to, range(first, items.length, speech)], [labels.head, speech.hash(head)]],
      list: items.map((item) => ({
        title: [{ code: String(item.number) }, " ", speech.named(item.kind)],
        rows: () => [[labels.issued, speech.moment(item.issued_s)], ...fieldRows(item.document ?? item.body, speech)],
      })),
      unproven: [[unproven.newer], ...beforeFirst(first, 1, speech), ...changesAlone(items, speech)],
    };
  },
};

function deviceRows(slim, { words: { labels } }) {
  return [[labels.shop, { code: String(slim.shop) }], [labels.device, { code: String(slim.device) }]];
}

function range(first, count, speech) {
  return speech.fill(speech.words.until, { from: { code: String(first) }, to: { code: String(first + count - 1) } });
}

function beforeFirst(first, least, speech) {
  return first > least ? [speech.fill(speech.words.unproven.before, { first: { code: String(first) } })] : [];
}

/** Items that change a document which is not in the file. */
function changesAlone(items, speech) {
  const numbers = items.filter(({ document }) => document === null).map(({ number }) => ({ code: String(number) }));
  return numbers.map((number) => speech.fill(speech.words.unproven.changed, { number }));
}

/** Entries in a row. */
function chain({ slim, entries, first, head }, speech, unproven) {
  const { words } = speech;
  const between = entries.length === 0 ? [[words.entries, words.empty]] : [
    [words.labels.from_to, range(first, entries.length, speech)],
    [words.labels.time, speech.fill(words.until, { from: speech.moment(entries[0].time.not_before_s), to: speech.moment(lastMoment(entries.at(-1))) })],
  ];
  return {
    rows: [...deviceRows(slim, speech), ...between, ...(head ? [[words.labels.head, speech.hash(head)]] : [])],
    sums: sums(entries, speech),
    list: entries.map((entry) => ({
      title: [{ code: String(entry.sequence) }, " ", speech.named(entry.kind)],
      rows: () => [...entryRows(entry, speech).slice(1), [words.labels.hash, speech.hash(entry.hash)]],
    })),
    unproven: [...unproven.map((one) => [one]), ...beforeFirst(first, 0, speech)],
  };
}

const lastMoment = (entry) => entry.time.not_before_s + entry.time.span_s;

/** How many of each kind, and the credit of purchases and of what was given back. */
function sums(entries, speech) {
  const counts = new Map(), credit = new Map();
  for (const { kind, fact } of entries) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if ("legs" in fact && "credit_rial" in fact) credit.set(kind, (credit.get(kind) ?? 0) + fact.credit_rial);
  }
  return Array.from(counts, ([kind, count]) => [
    speech.named(kind),
    [speech.count(count), ...(credit.has(kind) ? [speech.words.and, speech.field("credit_rial", kind), " ", ...speech.money(credit.get(kind))] : [])],
  ]);
}

function entryRows(entry, speech) {
  const { words: { labels } } = speech;
  return [
    [labels.kind, speech.named(entry.kind)],
    [labels.time, speech.interval(entry.time)],
    [labels.time_grade, speech.named(entry.time.grade)],
    ...fieldRows(entry.fact, speech, entry.kind),
    ...(entry.lines ? [[labels.lines, { records: entry.lines.map((line, index) => lineRows(line, index, speech)) }]] : []),
  ];
}

function lineRows(line, index, speech) {
  return [[[speech.digits(index + 1), ". ", ...goodOf(line, speech)], speech.money(line.total_rial)], [priceOf(line, speech), ""]];
}

function goodOf({ good, gtin }, speech) {
  const { words } = speech;
  const name = good === 0 ? [words.goodOutside] : speech.fill(words.goodNumber, { number: speech.digits(good) });
  return gtin === 0 ? name : [...name, " ", { code: String(gtin) }];
}

function priceOf({ unit, quantity, price_rial }, speech) {
  const amount = speech.fill(speech.words.quantities[unit], { count: speech.count(quantity) });
  return speech.fill(speech.words.line, { quantity: amount, price: speech.money(price_rial) });
}

/** Each field of a record. */
function fieldRows(record, speech, kind) {
  return Object.keys(record).filter((name) => name !== "spans").map((name) => [speech.field(name, kind), valueOf(name, record[name], speech)]);
}

function valueOf(name, value, speech) {
  if (value instanceof Uint8Array) return speech.hash(value);
  if (Array.isArray(value)) return listOf(name, value, speech);
  if (typeof value === "object") return { records: [fieldRows(value, speech)] };
  if (typeof value === "boolean") return value ? speech.words.yes : speech.words.no;
  if (typeof value === "string") return TEXTS.has(name) ? { quoted: value } : speech.named(value);
  return numberOf(name, value, speech);
}

function numberOf(name, value, speech) {
  if (name.endsWith("_rial")) return speech.money(value);
  if (MOMENTS.has(name)) return speech.moment(value);
  if (name.endsWith("_s")) return speech.duration(value);
  return { code: String(value) };
}

/** The first of many: who needs all has the file. */
function listOf(name, values, speech) {
  if (values.length === 0) return speech.words.none;
  const shown = values.slice(0, LIST_SHOWN_MAX), left = values.length - shown.length;
  const more = left > 0 ? speech.fill(speech.words.more, { count: speech.count(left) }) : null;
  if (isRecord(values[0])) return { records: [...shown.map((value) => fieldRows(value, speech)), ...(more ? [[[more, ""]]] : [])] };
  const pieces = shown.map((value) => valueOf(name, value, speech));
  return [...pieces, ...(more ? [more] : [])].flatMap((piece, index) => (index ? [speech.words.and, piece] : [piece]));
}

const isRecord = (value) => typeof value === "object" && !(value instanceof Uint8Array);
