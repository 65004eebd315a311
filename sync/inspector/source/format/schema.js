/**
 * Reads records as FORMAT.md's CDDL describes them; `build/cddl.mjs` compiles it into `TYPES` when the page is built.
 *
 * A record comes back as an object of its fields, with `spans`: the bytes of each field, from which signed bytes are made
 * again. A map has its fields in the order of their numbers; the first that is not where it must be is the wrong one.
 */

import TYPES from "format:cddl";
import { ARRAY, MAP, UINT } from "./cbor.js";
import { inside, malformed } from "./findings.js";

const NAMED_OTHERWISE = {
  policy: "SignedDocument", catalog: "SignedDocument", announcement: "AnnouncementNotice", credential: "Renewal",
};

/** A function that reads the record or type `name` with a `Reader`. */
export const reading = (name) => (reader) => read(reader, { ref: name }, null);

/** A function that reads an array of at most `most` byte strings of `size`. */
export const readingOctets = (size, most) => (reader) => readList(reader, { list: { of: { octets: { least: size, most: size } }, most } }, null);

const READERS = {
  ref: (reader, type, owner) => read(reader, named(type.ref), owner),
  natural: (reader, { natural }) => inBounds(reader.integer(), 0, natural),
  natural_or: (reader, type, owner) => read(reader, reader.peek() >> 5 === UINT ? { ref: "natural" } : type.natural_or, owner),
  signed: (reader, { signed }) => inBounds(reader.integer(), -signed, signed),
  flag: (reader) => right(reader.flag(), "not true or false"),
  octets: (reader, { octets: { least, most } }) => {
    const bytes = reader.octets(most);
    return right(bytes !== null && bytes.length >= least ? bytes : null, `not a byte string of ${least} to ${most}`);
  },
  text: (reader, { text }) => {
    const value = reader.text();
    const fits = value !== null && Array.from(value).length <= text.most && (!text.pattern || new RegExp(text.pattern).test(value));
    return right(fits ? value : null, `not such a text of at most ${text.most} characters`);
  },
  list: readList,
  map: readMap,
  array: readArray,
  numbered: (reader, { numbered }) => right(numbered[reader.integer()] ?? null, "none of the numbers listed"),
  any: (reader) => reader.value(),
  choice: (reader, { choice }, owner) => read(reader, { ref: chosen(choice, owner.kind) }, null),
};

function read(reader, type, owner) {
  return READERS[Object.keys(type)[0]](reader, type, owner);
}

function named(name) {
  if (!Object.hasOwn(TYPES, name)) throw new Error(`FORMAT.md does not describe ${name}`);
  return TYPES[name];
}

function right(value, why) {
  if (value === null) throw malformed("", why);
  return value;
}

function inBounds(value, least, most) {
  return right(value !== null && value >= least && value <= most ? value : null, `not an integer from ${least} to ${most}`);
}

function readList(reader, { list: { of, most } }, owner) {
  const count = reader.number(ARRAY);
  if (count === null || count > most) throw malformed("", `not an array of at most ${most}`);
  const items = [];
  for (let index = 0; index < count; index += 1) items.push(inside(`[${index}]`, () => read(reader, of, owner)));
  return items;
}

function readMap(reader, { map: fields }) {
  const count = reader.number(MAP);
  const least = fields.filter((field) => !field.optional).length;
  if (count === null || count < least || count > fields.length) throw malformed("", "not a map of these fields");
  const record = { spans: {} };
  let left = count;
  for (const field of fields) {
    if (field.optional && (left === 0 || reader.peek() !== field.number)) continue;
    inside(`.${field.name}`, () => {
      if (left === 0 || reader.key() !== field.number) throw malformed("", "is not where it must be");
      readField(reader, field, record);
    });
    left -= 1;
  }
  if (left > 0) throw malformed("", "a field that is not known");
  return record;
}

function readArray(reader, { array: fields }) {
  if (reader.number(ARRAY) !== fields.length) throw malformed("", `not an array of ${fields.length}`);
  const record = { spans: {} };
  for (const field of fields) {
    if (field.optional && reader.nothing()) record[field.name] = null;
    else inside(`.${field.name}`, () => readField(reader, field, record));
  }
  return record;
}

function readField(reader, field, record) {
  const start = reader.at;
  record[field.name] = read(reader, field.type, record);
  record.spans[field.name] = reader.bytes.subarray(start, reader.at);
}

/** The record of `kind`: that of the same name, such as `ClockSet` of clock_set, or one that mail names otherwise. */
function chosen(choice, kind) {
  const name = kind.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase());
  const found = [name, NAMED_OTHERWISE[kind]].find((one) => choice.includes(one));
  if (!found) throw new Error(`FORMAT.md describes no record of the kind ${kind}`);
  return found;
}
