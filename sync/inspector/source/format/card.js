/** A household's card (FORMAT.md, section 9). Its secret is read to check the signature, and told to nobody. */

import { decoded } from "./base45.js";
import { ofArray, ofNumber, ofOctets, whole } from "./cbor.js";
import { checkRaw, toBeSigned } from "./cose.js";
import { reading } from "./schema.js";

export const PREFIX = "C1:";
const BYTES_MAX = 256;

/** What the card proves: its number and until when it is good. */
export function card(text, trusted) {
  const seen = whole(decoded(text.slice(PREFIX.length), "card"), "card", reading("Card"), BYTES_MAX);
  const issuer = trusted.numbered(seen.issuer, "card", "card");
  const unsigned = ofArray([ofNumber(seen.number), ofNumber(seen.until_s), ofOctets(seen.secret), ofNumber(seen.issuer)]);
  checkRaw(seen.signature, toBeSigned(unsigned, issuer, "sofreh/card/1"), issuer, "card");
  return { number: seen.number, until_s: seen.until_s };
}
