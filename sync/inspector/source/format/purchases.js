/**
 * The purchases of a batch that stand in columns (FORMAT.md, section 11), each as the bytes that were signed.
 *
 * The columns come in the order of the format's table, and are read in that order. Whatever breaks a bound is named by its column.
 */

import { ofArray, ofMap, ofNumber, ofOctets, ofText } from "./cbor.js";
import { bounded, running } from "./columns.js";
import { costOf } from "./entries.js";
import { malformed } from "./findings.js";

const THINGS_MAX = 20000, GTIN_MAX = 99999999999999, GOOD_MAX = 255, UNIT_MAX = 2, GRADE_MAX = 3, AMOUNT_RIAL_MAX = 1e14;
const ALLOWANCES_MAX = 255, LINES_MAX = 99, QUANTITY_MAX = 1e6, CODE_MAX = 99999999, LEGS_MAX = 32;
const CODE_DIGITS = 8, PROOF_BYTES = 8;
const GRAM = 1;
const PURCHASE = 8;
const MODE_FIELDS = [["span_s"], ["grade", GRADE_MAX], ["boot"], ["policy"], ["catalog"]];

const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
const wrong = (name, why) => {
  throw malformed(`batch.${name}`, why);
};

/**
 * So many purchases of `columns`: their {kind, time, boot, fact, lines, private} in bytes.
 *
 * `sequences` are their numbers, `proofs` the batch's, `dictionary` {things, buyers} as its records, or null.
 */
export function purchasesIn(columns, sequences, proofs, dictionary) {
  const count = sequences.length;
  const { modes, things, buyers } = tables(columns, count, dictionary);
  const head = heads(columns, count, modes);
  const lines = basketsIn(columns, count, things);
  const totals = lines.map((basket) => bounded("total_rial", sum(basket.map(({ total }) => total)), AMOUNT_RIAL_MAX));
  const own = ownParts(columns, lines);
  const credits = totals.map((total, at) => bounded("credit_rial", total - own[at], AMOUNT_RIAL_MAX));
  const soFar = creditsSoFar(head, credits);
  const bought = indices(columns, "buyer", count, buyers);
  const privates = privateParts(columns, sequences, bought, proofs);
  const legs = legsIn(columns, bought, credits, dictionary);
  return head.map(({ mode, time_s, number }, at) => ({
    kind: ofNumber(PURCHASE),
    time: ofArray([time_s, mode.span_s, mode.grade].map(ofNumber)),
    boot: ofNumber(mode.boot),
    fact: ofMap([
      ...[mode.policy, mode.catalog, totals[at], credits[at], own[at]].map((value, key) => [key, ofNumber(value)]),
      [5, ofArray(legs[at].map((leg) => ofArray(leg.map(ofNumber))))], [6, ofNumber(number)], [7, ofNumber(soFar[at])],
    ]),
    lines: ofArray(lines[at].map((line) => ofArray([line.good, line.gtin, line.unit, line.price, line.quantity].map(ofNumber)))),
    private: privates[at],
  }));
}

/** What the purchases refer to. */
function tables(columns, count, dictionary) {
  const [modeCount, thingCount, buyerCount] = columns.numbers("sizes", 3);
  if (modeCount < 1 || modeCount > count || thingCount > THINGS_MAX || buyerCount > count) wrong("sizes", "no such tables");
  const fields = MODE_FIELDS.map(([name, most]) => columns.numbers(name, modeCount, most));
  const modes = Array.from({ length: modeCount }, (_, at) => Object.fromEntries(MODE_FIELDS.map(([name], field) => [name, fields[field][at]])));
  if (new Set(modes.map((mode) => Object.values(mode).join())).size !== modeCount) wrong("modes", "one stands there twice");
  const things = thingsIn(columns, thingCount), buyers = buyersIn(columns, buyerCount);
  if (!dictionary) return { modes, things, buyers };
  const known = dictionary.things.map(({ gtin, good, spans, price_rial: price }) => ({ gtin, good, unit: spans.unit[0], price }));
  return { modes, things: [...known, ...things], buyers: [...dictionary.buyers.map(knownBuyer), ...buyers] };
}

function knownBuyer({ household, card, allowances }) {
  return { household, card, allowances: allowances.map(({ allowance }) => allowance) };
}

function thingsIn(columns, count) {
  const gtins = running("gtin", columns.numbers("gtin", count), GTIN_MAX), goods = columns.numbers("good", count, GOOD_MAX);
  const units = columns.numbers("unit", count, UNIT_MAX), prices = columns.numbers("price_rial", count, AMOUNT_RIAL_MAX);
  const things = gtins.map((gtin, at) => ({ gtin, good: goods[at], unit: units[at], price: prices[at] }));
  if (things.some((thing, at) => at > 0 && !ascend(Object.values(things[at - 1]), Object.values(thing)))) wrong("things", "do not ascend");
  return things;
}

function ascend(before, after) {
  const at = before.findIndex((value, index) => value !== after[index]);
  return at >= 0 && before[at] < after[at];
}

function buyersIn(columns, count) {
  const households = running("household", columns.numbers("household", count)), cards = running("card", columns.folded("card", count));
  const isFirst = households.map((household, at) => at === 0 || household !== households[at - 1]);
  if (cards.some((card, at) => !isFirst[at] && card <= cards[at - 1])) wrong("card", "a household's cards do not ascend");
  const counts = columns.numbers("allowances", isFirst.filter(Boolean).length, ALLOWANCES_MAX);
  const allowances = running("allowance", columns.folded("allowance", sum(counts)));
  let its = [], at = 0;
  return households.map((household, index) => {
    if (isFirst[index]) its = allowances.slice(at, (at += counts.shift()));
    return { household, card: cards[index], allowances: its };
  });
}

/** `count` entries of `table`, by their places in it. */
function indices(columns, name, count, table) {
  return columns.numbers(name, count).map((index) => table[index] ?? wrong(name, "is not in the table"));
}

/** When and how each was made, and its number; `step` is what its credit so far goes beyond its own credit. */
function heads(columns, count, modes) {
  const used = indices(columns, "mode", count, modes);
  const order = [...new Set(used)];
  if (order.length !== modes.length || order.some((mode, at) => mode !== modes[at])) wrong("mode", "not in the order of first use");
  const [first_s, number, soFar] = columns.numbers("start", 3);
  const times = running("time_s", [first_s, ...columns.folded("time_s", count - 1)]);
  const numbers = running("number", [number, ...columns.folded("number", count - 1).map((step) => step + 1)]);
  const steps = [soFar, ...columns.folded("credit_so_far_rial", count - 1)];
  return used.map((mode, at) => ({ mode, time_s: times[at], number: numbers[at], step: steps[at] }));
}

/** What the buyer pays: the goods outside the list, and what the column says beyond them. */
function ownParts(columns, lines) {
  let beyond = 0;
  return columns.folded("own_rial", lines.length).map((step, at) => {
    beyond += step;
    const outside = lines[at].filter(({ good }) => good === 0);
    return bounded("own_rial", beyond + sum(outside.map(({ total }) => total)), AMOUNT_RIAL_MAX);
  });
}

function creditsSoFar(head, credits) {
  return running("credit_so_far_rial", head.map(({ step }, at) => (at === 0 ? step : step + credits[at])), AMOUNT_RIAL_MAX);
}

/** The lines of each purchase, with their totals. */
function basketsIn(columns, count, things) {
  const counts = columns.numbers("lines", count, LINES_MAX), taken = indices(columns, "thing", sum(counts), things);
  const grams = taken.filter(({ unit }) => unit === GRAM).length;
  const pieces = columns.numbers("quantity", taken.length - grams, QUANTITY_MAX), weights = columns.numbers("gram", grams, QUANTITY_MAX);
  const lines = taken.map((thing) => {
    const quantity = (thing.unit === GRAM ? weights : pieces).shift();
    return { ...thing, quantity, total: costOf({ weighed: thing.unit === GRAM, price_rial: thing.price, quantity }) };
  });
  return counts.map((size) => lines.splice(0, size));
}

function privateParts(columns, sequences, bought, proofs) {
  const coded = columns.numbers("coded", sequences.length, 1), codes = sum(coded);
  const texts = columns.numbers("code", codes, CODE_MAX).map((code) => String(code).padStart(CODE_DIGITS, "0"));
  const behind = columns.numbers("code_entry", codes);
  if (proofs.length !== PROOF_BYTES * (sequences.length - codes)) wrong("proofs", "not one for each purchase by card");
  let proofAt = 0;
  return bought.map(({ household, card }, at) => {
    const who = [[0, ofNumber(household)], ...(card ? [[1, ofNumber(card)]] : [])];
    if (!coded[at]) return ofMap([...who, [2, ofOctets(proofs.subarray(proofAt, (proofAt += PROOF_BYTES)))]]);
    return ofMap([...who, [3, ofText(texts.shift())], [4, ofNumber(bounded("code_entry", sequences[at] - behind.shift()))]]);
  });
}

/** The legs of each purchase: [allowance, given, left]. What one leaves is what the next use of the allowance finds. */
function legsIn(columns, bought, credits, dictionary) {
  const counts = columns.numbers("legs", bought.length, LEGS_MAX);
  const places = columns.numbers("leg", sum(counts));
  const spent = bought.map(({ allowances }, at) => places.splice(0, counts[at]).map((place) => allowances[place] ?? wrong("leg", "the buyer has no such allowance")));
  const holds = holdings(columns, [...new Set(spent.flat())], dictionary);
  const left = columns.numbers("left_rial", sum(counts.map((count) => Math.max(0, count - 1))));
  return spent.map((allowances, at) => {
    let due = credits[at];
    return allowances.map((allowance, index) => {
      const found = holds.get(allowance), last = index === allowances.length - 1;
      const leaves = bounded("left_rial", last ? found - due : left.shift(), found);
      due = bounded("left_rial", due - (found - leaves));
      holds.set(allowance, leaves);
      return [allowance, found - leaves, leaves];
    });
  });
}

/** What each allowance holds when the first of these purchases uses it. */
function holdings(columns, used, dictionary) {
  const known = new Map((dictionary?.buyers ?? []).flatMap(({ allowances }) => allowances.map((one) => [one.allowance, one.amount_rial])));
  const beyond = columns.folded("holds_rial", used.length);
  return new Map(used.map((allowance, at) => [allowance, bounded("holds_rial", (known.get(allowance) ?? 0) + beyond[at], AMOUNT_RIAL_MAX)]));
}
