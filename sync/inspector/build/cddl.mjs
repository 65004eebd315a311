/**
 * FORMAT.md's CDDL as a table that `source/format/schema.js` reads bytes by: the description itself decides what is allowed.
 *
 * Knows the part of CDDL (RFC 8610) that FORMAT.md uses, and stops the build at anything else. A field's name, and the bound
 * of a text, stand in its comment.
 */

const BLOCK = /^```cddl\n(.*?)^```$/gms;
const DEFINITION = /^(\w+) =(.*?)(?=^\w+ =|$(?![^]))/gms;
const INTEGER_MAX = Number.MAX_SAFE_INTEGER;

/** The CDDL of the document, as it stands there. */
export function cddlOf(markdown) {
  return Array.from(markdown.matchAll(BLOCK), ([, block]) => block).join("\n");
}

/** {types: {name: type}, used}: of the definitions in `cddl` that `roots` and what they are made of need; `used` is their text. */
export function compile(cddl, roots) {
  const definitions = new Map(Array.from(cddl.matchAll(DEFINITION), ([text, name, body]) => [name, { text: text.trim(), body: body.trim() }]));
  const types = {}, used = [], wanted = [...roots];
  for (const name of wanted) {
    if (Object.hasOwn(types, name)) continue;
    if (!definitions.has(name)) throw new Error(`the CDDL defines no ${name}`);
    types[name] = typeOf(definitions.get(name).body);
    used.push(definitions.get(name).text);
    wanted.push(...namesIn(types[name]));
  }
  return { types, used: used.join("\n\n") };
}

/** The names that `type` refers to. */
function namesIn(type) {
  if (typeof type !== "object") return [];
  return Object.entries(type).flatMap(([key, value]) => (key === "ref" || key === "choice" ? value : namesIn(value)));
}

function typeOf(body) {
  if (/^\{\s*\}$/.test(body)) return { map: [] };
  const [first, ...rest] = body.split("\n");
  if (first === "{") return { map: fieldsOf(rest, mapField) };
  const onOneLine = /^\[(\w+: .*)\]$/.exec(body);
  if (onOneLine) return { array: onOneLine[1].split(/, (?=\w+: )/).map((field) => arrayField(`${field},`)) };
  if (first === "[") return { array: fieldsOf(rest, arrayField) };
  const options = body.split(/(?:^|\s)\/\s/).map((option) => option.trim()).filter(Boolean);
  if (/^\d+\s*;/.test(options[0])) return { numbered: Object.fromEntries(options.map((option) => option.split(/\s*;\s*/))) };
  const [text] = body.split(";");
  return options.length > 1 ? { choice: options } : single(text.trim(), "");
}

function fieldsOf(lines, field) {
  return lines.filter((line) => line.trim() && !/^[\]}]$/.test(line.trim())).map((line) => field(line.trim()));
}

function mapField(line) {
  const [, question, number, text, comment] = must(/^(\? )?(\d+): (.*?),?\s*; (.*)$/, line);
  return { number: Number(number), name: comment.split(",")[0], optional: Boolean(question), type: single(text, comment) };
}

function arrayField(line) {
  const [, name, text, comment = ""] = must(/^(\w+): (.*?),\s*(?:; (.*))?$/, line);
  const bare = text.replace(/ \/ null$/, "");
  return { name, optional: bare !== text, type: single(bare, comment) };
}

function single(text, comment) {
  const either = /^natural \/ (\w+)$/.exec(text);
  if (either) return { natural_or: { ref: either[1] } };
  const list = /^\[0\*(\d+) (.*)\]$/.exec(text);
  if (list) return { list: { most: Number(list[1]), of: single(list[2], comment) } };
  const range = /^(-?\d+)\.\.(\d+)$/.exec(text);
  if (range) return rangeOf(Number(range[1]), Number(range[2]), text);
  const octets = /^bstr \.size (?:(\d+)|\((\d+)\.\.(\d+)\))$/.exec(text);
  if (octets) return { octets: { least: Number(octets[1] ?? octets[2]), most: Number(octets[1] ?? octets[3]) } };
  if (text.startsWith("tstr")) return { text: textOf(text, comment) };
  if (text === "bool") return { flag: true };
  if (text === "any") return { any: true };
  return { ref: must(/^\w+$/, text)[0] };
}

function rangeOf(least, most, text) {
  if (most > INTEGER_MAX || (least !== 0 && least !== -most)) throw new Error(`what range is ${text}?`);
  return least === 0 ? { natural: most } : { signed: most };
}

function textOf(text, comment) {
  const [, pattern] = must(/^tstr(?: \.regexp "(.*)")?$/, text);
  if (pattern) return { most: Number(must(/,(\d+)\}$/, pattern)[1]), pattern: `^(?:${pattern})$` };
  return { most: Number(must(/at most (\d+) characters/, comment)[1]) };
}

function must(pattern, text) {
  const found = pattern.exec(text);
  if (!found) throw new Error(`this CDDL is not understood: ${text}`);
  return found;
}
