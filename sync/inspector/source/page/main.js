/**
 * The inspector's page: takes pictures, files and texts, and shows a verdict for each.
 *
 * Connects to no network, keeps nothing, and shows nothing of a document before its verdict.
 */

import { FILE_BYTES_MAX, verify } from "../format/verify.js";
import en from "../words/en.js";
import fa from "../words/fa.js";
import { element } from "./elements.js";
import { drawn, isPicture, textsIn } from "./picture.js";
import { builtIn, rootBox } from "./root-box.js";
import { Speech } from "./format-words.js";
import { verdictCard } from "./verdict-card.js";

/** So long may the page stand still. */
const SLICE_MS = 40;

const state = { speech: new Speech(fa), believed: builtIn(), verdicts: [], run: 0 };
const place = (id) => document.getElementById(id);
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** All but the verdicts, in the reader's language. */
function showPage() {
  const { words } = state.speech;
  document.documentElement.lang = words.language;
  document.documentElement.dir = words.direction;
  document.title = words.title;
  for (const part of document.querySelectorAll("[data-words]")) part.textContent = words[part.dataset.words];
  // Who has no key yet begins with it; who has one begins with the receipt.
  place("root-place").style.order = state.believed ? "1" : "-1";
  place("root-place").replaceChildren(rootBox(state.believed, state.speech, (believed) => {
    state.believed = believed;
    showPage();
  }));
}

function showVerdicts() {
  place("verdicts").replaceChildren(...state.verdicts.map(({ verdict, name }) => verdictCard(verdict, name, state.speech)));
}

/** Looks at each of `things`: {name, file} or {name: null, bytes}. What is looked at already is left. */
async function inspect(things) {
  const run = ++state.run, goesOn = () => run === state.run;
  state.verdicts = [];
  showVerdicts();
  for (const thing of things) {
    for await (const verdict of verdictsOf(thing, goesOn)) {
      if (!goesOn()) return;
      state.verdicts.push({ verdict, name: thing.name });
      place("verdicts").append(verdictCard(verdict, thing.name, state.speech));
    }
  }
  showProgress([]);
  place("verdicts").firstElementChild?.focus();
  place("verdicts").dataset.run = run;
}

async function* verdictsOf({ file, bytes }, goesOn) {
  if (!state.believed) return yield notLooked("no_root", "file");
  const content = bytes ?? new Uint8Array(await file.slice(0, FILE_BYTES_MAX + 1).arrayBuffer());
  if (!isPicture(content)) return yield await looked(content, goesOn);
  showProgress([state.speech.words.reading]);
  const canvas = await drawn(file);
  if (canvas === null) return yield notLooked("no_picture", "picture");
  const texts = await textsIn(canvas, pause);
  if (texts.length === 0) yield notLooked("no_code", "picture");
  for (const text of texts) yield await looked(new TextEncoder().encode(text), goesOn);
}

const notLooked = (finding, what) => ({ finding, what, where: "", why: "", held: 0, proven: null });

/** The verdict about `bytes`. Where the page itself fails, nothing is proven, and the reader is told. */
async function looked(bytes, goesOn) {
  try {
    return await lookedAwake(bytes, goesOn);
  } catch (error) {
    console.error(error);
    return notLooked("failed", "file");
  }
}

/** The same; the page stays awake meanwhile. Null, where something else is to be looked at now. */
async function lookedAwake(bytes, goesOn) {
  const steps = verify(bytes, state.believed.trusted);
  for (let since = performance.now(); goesOn();) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since < SLICE_MS) continue;
    const { words } = state.speech;
    showProgress(state.speech.fill(words.looking, { percent: { code: `${state.speech.digits(Math.floor((100 * value.at) / value.of))}%` } }));
    await pause();
    since = performance.now();
  }
  return null;
}

function showProgress(pieces) {
  place("progress").replaceChildren(...(pieces.length ? [element("span", {}, pieces)] : []));
}

function takeFiles(files) {
  inspect(Array.from(files, (file) => ({ name: file.name, file })));
}

for (const id of ["camera", "files"]) {
  place(id).addEventListener("change", ({ target }) => {
    takeFiles(target.files);
    target.value = ""; // So that the same file can be chosen again.
  });
}
place("check").addEventListener("click", () => {
  // A line end that was pasted along is no part of the text; a blank may be one.
  const text = place("text").value.replace(/^[\r\n]+|[\r\n]+$/g, "");
  inspect([{ name: null, bytes: new TextEncoder().encode(text) }]);
});
place("language").addEventListener("click", () => {
  state.speech = new Speech(state.speech.words === fa ? en : fa);
  showPage();
  showVerdicts();
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  takeFiles(event.dataTransfer.files);
});
// Whoever serves the page can hand it out as a file; a file is one already.
place("keep").hidden = !location.protocol.startsWith("http");
showPage();
