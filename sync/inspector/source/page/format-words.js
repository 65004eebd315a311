/**
 * Values in the reader's language, as pieces that `elements.js` draws: a string, or {code} for what is isolated and left to
 * right. Digits of amounts and dates are the language's; codes have the digits that paper has.
 */

import { hexOf } from "../format/cbor.js";
import { gregorianInIran, inIran } from "./calendar.js";

const RIAL_PER_TOMAN = 10;
const HASH_SHOWN_BYTES = 8;
const LAST_DATE_S = 253402300799;
const UNITS_S = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];

export class Speech {
  constructor(words) {
    this.words = words;
    this.persian = words.language === "fa";
  }

  /** The pieces of `sentence`, each `{name}` filled from `values`. */
  fill(sentence, values) {
    return sentence.split(/(\{\w+\})/).filter(Boolean).map((part) => (part.startsWith("{") ? values[part.slice(1, -1)] : part)).flat();
  }

  digits(text) {
    return this.persian ? String(text).replace(/\d/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]) : String(text);
  }

  count(number) {
    const grouped = String(Math.abs(number)).replace(/\B(?=(\d{3})+$)/g, this.persian ? "٬" : ",");
    return { code: `${number < 0 ? "-" : ""}${this.digits(grouped)}` };
  }

  money(amount_rial) {
    const whole = amount_rial % RIAL_PER_TOMAN === 0;
    return this.fill(whole ? this.words.toman : this.words.rial, { amount: this.count(whole ? amount_rial / RIAL_PER_TOMAN : amount_rial) });
  }

  moment(moment_s) {
    if (moment_s > LAST_DATE_S) return [{ code: String(moment_s) }];
    const { weekday, date, time } = this.#parts(moment_s);
    return this.fill(this.words.moment, { weekday, date, time });
  }

  #parts(moment_s) {
    const at = inIran(moment_s), two = (number) => String(number).padStart(2, "0");
    const date = this.persian ? `${at.year}/${two(at.month)}/${two(at.day)}` : gregorianInIran(moment_s);
    return {
      weekday: this.words.weekdays[at.weekday],
      date: { code: this.digits(date) },
      time: { code: this.digits(`${two(at.hour)}:${two(at.minute)}:${two(at.second)}`) },
    };
  }

  /** From the first to the last moment at which it may have been. */
  interval({ not_before_s: from_s, span_s }) {
    if (span_s === 0 || from_s + span_s > LAST_DATE_S) return this.moment(from_s);
    const from = this.#parts(from_s), to = this.#parts(from_s + span_s);
    const sameDay = from.date.code === to.date.code;
    return this.fill(this.words.until, { from: this.moment(from_s), to: sameDay ? to.time : this.moment(from_s + span_s) });
  }

  /** In the largest unit that it is whole in. */
  duration(seconds) {
    const [name, unit_s] = UNITS_S.find(([, one_s]) => seconds !== 0 && seconds % one_s === 0) ?? UNITS_S.at(-1);
    return this.fill(this.words.durations[name], { count: this.count(seconds / unit_s) });
  }

  hash(bytes) {
    return { code: bytes.length > HASH_SHOWN_BYTES ? `${hexOf(bytes.subarray(0, HASH_SHOWN_BYTES))}…` : hexOf(bytes) };
  }

  /** A field's label; some say something else in an entry of a certain kind. */
  field(name, kind) {
    const { fields } = this.words;
    return fields[`${kind}.${name}`] ?? fields[name] ?? plain(name).replace(/ (rial|s)$/, "");
  }

  named(word) {
    return this.words.enums[word] ?? plain(word);
  }
}

const plain = (name) => name.replaceAll("_", " ");
