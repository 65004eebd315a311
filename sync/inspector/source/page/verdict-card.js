/** One verdict as the reader sees it: colour, sign and words first, then what follows from it. */

import { PROVEN } from "../format/findings.js";
import { element, table } from "./elements.js";
import { TELLINGS } from "./telling.js";

const NOT_LOOKED_AT = ["no_root", "no_code", "no_picture", "failed"];
const SIGNS = { good: "✓", bad: "✕", open: "!" };
const LISTED_AT_ONCE = 50;

/** The card of `verdict` about `name`, a file's name or null. */
export function verdictCard(verdict, name, speech) {
  const { words } = speech, { finding, what } = verdict;
  const state = finding === PROVEN ? "good" : NOT_LOOKED_AT.includes(finding) ? "open" : "bad";
  const [headline, sentence] = words.findings[finding];
  return element("article", { class: `verdict ${state}`, tabindex: "-1", "data-finding": finding, "data-what": what, "data-where": verdict.where, "data-held": verdict.held },
    element("header", {},
      element("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]),
      element("div", {},
        element("p", { class: "what" }, words.whats[what], name === null ? "" : [" · ", { quoted: name }]),
        element("h2", {}, headline),
        element("p", {}, state === "good" ? words.headlines[what] : sentence))),
    ...(state === "good" ? proven(verdict, speech) : notProven(verdict, state, speech)));
}

function proven(verdict, speech) {
  const { words } = speech, telling = TELLINGS[verdict.what](verdict.proven, speech);
  return [
    element("section", { class: "unproven" }, element("h3", {}, words.whatIsNot), element("ul", {}, telling.unproven.map((one) => element("li", {}, one)))),
    element("section", { class: "data" }, element("h3", {}, words.whatIsProven), table(telling.rows)),
    telling.sums?.length ? element("section", {}, element("h3", {}, words.labels.sums), table(telling.sums)) : null,
    telling.list?.length ? element("section", {}, element("h3", {}, verdict.what === "mail" ? words.items : words.entries), listed(telling.list, speech)) : null,
  ];
}

/** So many at once; the rest comes when it is asked for. Journals are long. */
function listed(list, speech) {
  const box = element("div", { class: "list" });
  const addFrom = (start) => {
    const end = Math.min(list.length, start + LISTED_AT_ONCE);
    box.append(...list.slice(start, end).map(unfolding));
    if (end === list.length) return;
    const more = element("button", { type: "button", class: "quiet", click: () => (more.remove(), addFrom(end)) },
      speech.fill(speech.words.more, { count: speech.count(list.length - end) }));
    box.append(more);
  };
  addFrom(0);
  return box;
}

function unfolding({ title, rows }) {
  const box = element("details", { toggle: () => {
    if (box.childElementCount === 1) box.append(table(rows()));
  } }, element("summary", {}, title));
  return box;
}

function notProven(verdict, state, speech) {
  const { words } = speech;
  if (state === "open") return [];
  const rows = [[words.place, { code: shownPlace(verdict.where) }], [words.reason, { code: verdict.why }]];
  if (verdict.held > 0) rows.push([words.heldBefore, speech.count(verdict.held)]);
  return [
    element("p", { class: "warning" }, words.believeNothing),
    element("details", {}, element("summary", {}, words.details), table([...rows, ["", { code: verdict.finding }]])),
  ];
}

/** A receipt's place bears the number that it claims: that is not shown before it is proven. */
const shownPlace = (where) => where.replace(/^receipt \S+/, "receipt");
