/**
 * The texts of the QR codes in a picture. Knows nothing of what they say.
 *
 * Tried are the picture as it is, smaller (for noise), and its parts, larger (for small codes). What was read is painted over,
 * so that a picture may hold several.
 */

import decodeQR from "qr/decode.js";

const PICTURE_STARTS = ["89504e47", "ffd8ff", "47494638", "52494646", "424d", "0000001866747970", "0000001c66747970", "0000002466747970"];
const START_BYTES = 8;
/** What phones can hold in one canvas. */
const SIDE_PIXELS_MAX = 4000;
const TEXTS_MAX = 8;
const THOROUGH = { effort: Infinity, timeLimit: 4000 };
const SMALLER = [0.6, 0.35];
const PART_SHARE = 0.6, PART_PIXELS = 1600;
const WHITE = "#fff";

/** Whether these are the bytes of a picture, and not those of a document. */
export function isPicture(bytes) {
  const start = Array.from(bytes.subarray(0, START_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return PICTURE_STARTS.some((known) => start.startsWith(known));
}

/** The picture in `file`, drawn; null where the browser cannot open it. */
export async function drawn(file) {
  const picture = await createImageBitmap(file).catch(() => asElement(file)).catch(() => null);
  if (picture === null) return null;
  const shrink = Math.min(1, SIDE_PIXELS_MAX / Math.max(picture.width, picture.height));
  return copied(picture, { x: 0, y: 0, width: picture.width, height: picture.height }, shrink);
}

/** Some browsers open as an element what they cannot open otherwise. */
async function asElement(file) {
  const element = new Image();
  element.src = URL.createObjectURL(file);
  try {
    await element.decode();
    return element;
  } finally {
    URL.revokeObjectURL(element.src);
  }
}

/** The texts of all codes that are found in `canvas`. `pause` lets the page draw between the attempts. */
export async function textsIn(canvas, pause) {
  const texts = new Set();
  while (texts.size < TEXTS_MAX) {
    await pause();
    const found = await firstIn(canvas, pause, texts.size === 0);
    if (found === null || texts.has(found.text)) break;
    texts.add(found.text);
    paintOver(canvas, found.outline);
  }
  return [...texts];
}

async function firstIn(canvas, pause, thorough) {
  const { width, height } = canvas, all = { x: 0, y: 0, width, height };
  const attempts = [[all, 1], ...(thorough ? [...SMALLER.map((scale) => [all, scale]), ...parts(canvas)] : [])];
  for (const [area, scale] of attempts) {
    const found = read(scale === 1 && area === all ? canvas : copied(canvas, area, scale));
    if (found) return { text: found.text, outline: found.outline.map(({ x, y }) => ({ x: area.x + x / scale, y: area.y + y / scale })) };
    await pause();
  }
  return null;
}

/** Overlapping parts, each so large that a module of a code has some pixels. */
function parts({ width, height }) {
  const part = { width: Math.round(width * PART_SHARE), height: Math.round(height * PART_SHARE) };
  const places = [0, 0.5, 1].flatMap((down) => [0, 1].map((across) => [across, down]));
  const scale = Math.max(1, PART_PIXELS / Math.max(part.width, part.height));
  return places.map(([across, down]) => [
    { ...part, x: Math.round((width - part.width) * across), y: Math.round((height - part.height) * down) }, scale,
  ]);
}

function copied(source, { x, y, width, height }, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = WHITE;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function read(canvas) {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let outline = null;
  const pointsOnDetect = (points) => {
    outline = points.outline;
  };
  try {
    return { text: decodeQR(pixels, { ...THOROUGH, pointsOnDetect }), outline };
  } catch {
    return null; // The library's way to say that there is none.
  }
}

function paintOver(canvas, outline) {
  const context = canvas.getContext("2d");
  context.fillStyle = WHITE;
  context.beginPath();
  for (const { x, y } of outline) context.lineTo(x, y);
  context.fill();
}
