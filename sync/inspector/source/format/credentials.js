/** Whom to believe: what the root delegated, and a device's slim credential (FORMAT.md, section 3). */

import { equal, ofArray, ofNumber, ofOctets, whole } from "./cbor.js";
import { checkRaw, keyId, opened, parse, toBeSigned } from "./cose.js";
import { VerifyingKey } from "./ed25519.js";
import { NotProven } from "./findings.js";
import { reading } from "./schema.js";

const VERSION = 1;
const SLIM = "slim credential", MANDATE = "slim mandate";

/** Ends the look where a record is of another version than `known`. */
export function checkVersion(record, where, known = VERSION) {
  if (record.version !== known) throw new NotProven("unknown_version", `${where}.version`, `${record.version} is unknown`);
}

/** The keys that the root lets sign for a role. Believed is what the root has signed, wherever it comes from. */
export class Trusted {
  #delegated;

  constructor(root, delegated) {
    this.root = root;
    this.#delegated = delegated;
  }

  /** Of the root whose public key has the 32 bytes `rootPublic`, and of the messages of its delegations. */
  static of(rootPublic, messages = []) {
    return new Trusted(new VerifyingKey(rootPublic), []).with(messages);
  }

  /** How many keys the root lets sign. */
  get count() {
    return this.#delegated.length;
  }

  /** These keys, and those of more delegations. */
  with(messages) {
    const more = messages.map((message, index) => this.#known(message) ?? this.#opened(message, `delegation[${index}]`));
    return new Trusted(this.root, [...new Set([...this.#delegated, ...more])]);
  }

  #known(message) {
    return this.#delegated.find((one) => equal(one.message, message));
  }

  #opened(message, where) {
    const payload = opened(parse(message, where), this.root, "sofreh/delegation/1", where);
    const { version, number, role, public: bytes } = whole(payload, where, reading("Delegation"));
    checkVersion({ version }, where);
    return { message, number, role, key: new VerifyingKey(bytes) };
  }

  /** The key of delegation `number`, which signs short formats. */
  numbered(number, role, where) {
    return this.#found((one) => one.number === number, role, where);
  }

  /** The payload of `message`, and the key that signed it for `context`: one that the root delegated for `role`. */
  opened(message, role, context, where) {
    return this.openedParts(parse(message, where), role, context, where);
  }

  /** The same of a message whose parts `parse` has told apart. */
  openedParts(parts, role, context, where) {
    const key = this.#found((one) => equal(keyId(one.key), parts.keyId), role, where);
    return { payload: opened(parts, key, context, where), key };
  }

  #found(matches, role, where) {
    const found = this.#delegated.find((one) => one.role === role && matches(one));
    if (!found) throw new NotProven("not_delegated", where, `the root has let no such key sign for the role ${role}`);
    return found.key;
  }
}

/** The device's key, once its slim credential holds. */
export function deviceKey(slim, trusted) {
  const issuer = issuerOf(slim, trusted);
  const unsigned = ofArray([ofNumber(slim.device), ofNumber(slim.shop), ofOctets(slim.public), ofNumber(slim.until_s), slim.spans.issuer]);
  checkRaw(slim.signature, toBeSigned(unsigned, issuer, "sofreh/slim-credential/1"), issuer, SLIM);
  return new VerifyingKey(slim.public);
}

/** The credential key, or that of a technician whom a slim mandate by the credential key lets issue this one. */
function issuerOf({ device, shop, until_s, issuer: given }, trusted) {
  if (typeof given === "number") return trusted.numbered(given, "credential", SLIM);
  const credential = trusted.numbered(given.issuer, "credential", MANDATE);
  const unsigned = ofArray([ofNumber(device), ofNumber(shop), ofOctets(given.public), ofNumber(given.until_s), ofNumber(given.issuer)]);
  checkRaw(given.signature, toBeSigned(unsigned, credential, "sofreh/slim-mandate/1"), credential, MANDATE);
  if (until_s > given.until_s) throw new NotProven("expired", SLIM, "is good for longer than its mandate");
  return new VerifyingKey(given.public);
}
