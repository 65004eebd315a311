/** The page's elements. Text becomes text and never markup, whatever stands in a document. */

/** An element; `attributes` that are null are left out, `children` are elements, strings, or pieces of `Speech`. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null).map(drawn));
  return made;
}

/** A code is left to right and apart from the text around it; a text of a document is only apart. */
function drawn(piece) {
  if (piece instanceof Node) return piece;
  if (typeof piece === "string") return document.createTextNode(piece);
  return "code" in piece ? element("bdi", { dir: "ltr", class: "code" }, piece.code) : element("bdi", {}, piece.quoted);
}

/** What and how much. `rows`: [label, pieces], or [label, {records}] with the rows of each of several records. */
export function table(rows) {
  return element("dl", {}, rows.map(([label, value]) => (value.records
    ? element("div", { class: "wide" }, element("dt", {}, label), element("dd", {}, value.records.map(table)))
    : element("div", {}, element("dt", {}, label), element("dd", {}, value)))));
}
