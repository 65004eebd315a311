"""Draws `drivers/fonts/vazirmatn-12x24.hex`: Persian in cells of 12 x 24 dots, for printers that take letters of ours.

Each form of a letter fills one cell or two. Where a letter joins, its stroke reaches the cell's edge, in rows that are
the same for all: what is narrower than its cells is drawn out a little, and the rest is filled with the stroke (as a
typewriter does), what is wider is pressed together. A wide letter's end and its isolated form have their left cell
in common.

python -m tests.vectors.cell_font
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw

from drivers.printer.cell_font import CELL_FONT
from drivers.printer.strip import CELL_DOTS, CELL_ROWS
from drivers.printer.text_shaping import open_font

if TYPE_CHECKING:
    from collections.abc import Iterator

FONT_FILE = "Vazirmatn-Medium.ttf"
LETTERS = "آأؤئابةتثجحخدذرزسشصضطظعغفقلمنهوپچژکگۀی"
LIGATURES = ("لا", "لآ", "لأ")
SIGNS = "۰۱۲۳۴۵۶۷۸۹،؛؟٪٫٬×«»…ـ–#$@[\\]^`{|}~"
RULES = {"\u2500": (0b1111_1111_1111, 2), "\u2504": (0b1100_1100_1100, 1)}
"""A slip's rules, which are drawn out to many times their width: a row of dots, and how many such rows."""
RULE_ROW = 11
SIZE_DOTS, BASELINE_ROW = 20, 17
"""The largest at which گ, ج and all between fit into 24 rows."""
FINE = 8
"""Drawn so many times as large, then shrunk."""
INK_THRESHOLD = 105
ONE_CELL_MOST_DOTS = 17.3
"""A wider letter takes two cells."""
DRAWN_OUT_MOST = {1: 1.15, 2: 1.3}
ZWJ = "\u200d"
JOINED = {"initial": "{}" + ZWJ, "medial": ZWJ + "{}" + ZWJ, "final": ZWJ + "{}", "isolated": "{}"}
PRESENTATION_FORMS = (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00))


class Glyph(NamedTuple):
    """A form at `FINE` times its size, cut where its strokes join its neighbors."""

    picture: Image.Image
    joins_left: bool
    joins_right: bool


def forms() -> Iterator[tuple[str, str, str]]:
    """Each presentation form that a text of ours may have: itself, its kind, the letter or ligature it is a form of."""
    for form in map(chr, PRESENTATION_FORMS):
        kind, *letters = unicodedata.decomposition(form).split() or [""]
        letter = "".join(chr(int(code, 16)) for code in letters)
        if kind.strip("<>") in JOINED and letter and (letter in LETTERS or letter in LIGATURES):
            yield form, kind.strip("<>"), letter


def drawn(text: str, *, joins_left: bool = False, joins_right: bool = False) -> Glyph:
    """The ink of `text`, and its advance at the sides where it joins."""
    font = open_font(FONT_FILE, SIZE_DOTS * FINE)
    direction = "rtl" if unicodedata.bidirectional(text.strip(ZWJ)[0]) == "AL" else "ltr"
    advance = round(font.getlength(text, direction=direction, language="fa"))
    room = 4 * FINE
    canvas = Image.new("L", (advance + 2 * room, CELL_ROWS * FINE), 0)
    ImageDraw.Draw(canvas).text(
        (room, BASELINE_ROW * FINE),
        text,
        fill=255,
        font=font,
        anchor="ls",
        direction=direction,
        language="fa",
    )
    ink = canvas.getbbox() or (room, 0, room + advance, 0)
    left = room if joins_left else min(room, ink[0])
    right = room + advance if joins_right else max(room + advance, ink[2])
    return Glyph(canvas.crop((left, 0, right, canvas.height)), joins_left, joins_right)


def in_cells(glyph: Glyph, count: int, like: Glyph | None = None) -> Image.Image:
    """Fit a glyph into `count` cells; with `like`, its left side comes to stand as that one's does."""
    room = count * CELL_DOTS * FINE
    drawn_out = min(room / (like or glyph).picture.width, DRAWN_OUT_MOST[count])
    width = round(glyph.picture.width * drawn_out)
    picture = glyph.picture.resize((width, CELL_ROWS * FINE), Image.Resampling.BOX)
    free = max(0, room - (round(like.picture.width * drawn_out) if like else width))
    left = {
        (False, False): free // 2,
        (True, True): free // 2,
        (True, False): free - min(round(free * 0.3), 2 * FINE),
        (False, True): free // 2 if like else min(round(free * 0.4), 3 * FINE),
    }[glyph.joins_left, glyph.joins_right]
    canvas = Image.new("L", (room, CELL_ROWS * FINE), 0)
    canvas.paste(picture, (left, 0))
    inside = FINE // 2
    if glyph.joins_left:
        canvas.paste(_stroke(picture, inside, left + inside), (0, 0))
    if glyph.joins_right and left + width < room:
        canvas.paste(
            _stroke(picture, width - inside, room - left - width + inside), (left + width - inside, 0)
        )
    small = canvas.resize((count * CELL_DOTS, CELL_ROWS), Image.Resampling.BOX)
    return small.point([255 if level >= INK_THRESHOLD else 0 for level in range(256)], "1")


def _stroke(picture: Image.Image, column: int, width: int) -> Image.Image:
    return picture.crop((column, 0, column + 1, picture.height)).resize((width, picture.height))


def letter(kind: str, text: str) -> Image.Image:
    """One form of a letter, in one cell or two."""
    glyph = drawn(
        JOINED[kind].format(text),
        joins_left=kind in ("initial", "medial"),
        joins_right=kind in ("final", "medial"),
    )
    alone = drawn(text)
    widest = max(glyph, alone, key=lambda one: one.picture.width) if kind in ("final", "isolated") else glyph
    if widest.picture.width <= ONE_CELL_MOST_DOTS * FINE:
        return in_cells(glyph, 1)
    return in_cells(glyph, 2, like=alone if kind == "final" else None)


def rule(character: str) -> Image.Image:
    """A cell of a line over the paper."""
    dots, rows = RULES[character]
    picture = Image.new("1", (CELL_DOTS, CELL_ROWS), 0)
    row = Image.frombytes("1", (CELL_DOTS, 1), (dots << 4).to_bytes(2, "big"))
    for index in range(rows):
        picture.paste(row, (0, RULE_ROW + index))
    return picture


def pictures() -> dict[str, Image.Image]:
    """All characters of the font. A hamza joins nothing, so FriBidi leaves it as it is."""
    signs = {sign: in_cells(drawn(sign), 1) for sign in SIGNS}
    letters = {form: letter(kind, text) for form, kind, text in forms()}
    return signs | {"ء": letter("isolated", "ء")} | letters | {sign: rule(sign) for sign in RULES}


def font_file() -> str:
    """A line a character: its code, a colon, 3 bytes a column from left to right, the upper dot first."""
    lines = []
    for character, picture in sorted(pictures().items()):
        columns = picture.transpose(Image.Transpose.TRANSPOSE).tobytes()
        lines.append(f"{ord(character):04X}:{columns.hex().upper()}\n")
    return "".join(lines)


if __name__ == "__main__":
    CELL_FONT.write_text(font_file())
