/** The project's own font, cut down to what Persian and codes need, as CSS: phones differ in their Persian fonts. */

import { readFileSync } from "node:fs";
import subsetFont from "subset-font";

const FOLDER = new URL("../../../drivers/fonts/", import.meta.url);
const WEIGHTS = { Medium: "100 500", Bold: "600 900" };
const LATIN = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join("");
/** The Persian alphabet, what documents may write for it, vowel signs, digits, separators, and the marks of the page. */
const PERSIAN = "ءآأؤإئابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیةيكى" + "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654\u200c\u200d" +
  "۰۱۲۳۴۵۶۷۸۹٬٫،؛؟«»·×–…";

export async function fontFaces() {
  const faces = await Promise.all(Object.entries(WEIGHTS).map(async ([name, weights]) => {
    const whole = readFileSync(new URL(`Vazirmatn-${name}.ttf`, FOLDER));
    const subset = await subsetFont(whole, LATIN + PERSIAN, { targetFormat: "woff2" });
    return `@font-face{font-family:Vazirmatn;font-weight:${weights};src:url(data:font/woff2;base64,${subset.toString("base64")})}`;
  }));
  return faces.join("");
}

export const fontLicence = () => `Vazirmatn\n\n${readFileSync(new URL("OFL.txt", FOLDER), "utf8").trim()}`;
