"""Lines of shaped text: how wide they are, where they break, what dots they leave.

Rules:
- The paragraph runs right to left whatever it begins with, and is shaped as Persian.
- Lines break at spaces, never inside a left-to-right isolate (LRI ... PDI), or a code would be torn and each half
  would be ordered on its own. Names (FSI ... PDI) may break. A word wider than the paper is cut between letters.
- A face's lines have one height, so baselines keep their distance; what is blank of it costs no bytes on paper.
- Text is dots, no gray: drawn with antialiasing, then cut at `INK_THRESHOLD`.
- Words measured and lines drawn are kept: half of a receipt is the same on each receipt.

Source: Unicode UAX #9, X5a-X6a (isolates); UAX #14 is not needed: our texts break at spaces.
Must not know: slips, printers.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from drivers.printer.text_shaping import open_font

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image
    from PIL.ImageFont import FreeTypeFont

INK_THRESHOLD = 112
"""Of 255. Lower is blacker; at 112 neither stems break nor the counters of digits fill."""
WORDS_KEPT_MAX = 2048
LINES_KEPT_MAX = 256
LINE_HEIGHT_PERCENT = 145
"""Of the size: holds the tallest (آ, أ, گ) and the deepest letter of the font."""
BASELINE_PERCENT = 100
BEARING_DOTS = 1
"""Room at both ends for ink that leaves its own advance."""
_UNBREAKABLE = "(?:\u2066[^\u2069]*\u2069|[^ ])+"


class Face(NamedTuple):
    """A font file of `drivers/fonts` at a size."""

    file_name: str
    size_dots: int

    @property
    def line_height_dots(self) -> int:
        """Rows of one line."""
        return self.size_dots * LINE_HEIGHT_PERCENT // 100


def wrap(face: Face, text: str, width_dots: int) -> list[str]:
    """Break `text` into lines at most `width_dots` wide. Line feeds stay breaks; an empty line stays a line."""
    return break_lines(text, width_dots - 2 * BEARING_DOTS, partial(_advance, face))


def break_lines(text: str, room: float, advance: Callable[[str], float]) -> list[str]:
    """Break `text` into lines of which none is wider than `room`, in the units of `advance`.

    Line feeds stay breaks; an empty line stays a line.
    """
    return [line for paragraph in text.split("\n") for line in _break_paragraph(paragraph, room, advance)]


def width_dots_of(face: Face, line: str) -> int:
    """How wide `line` is when drawn by `draw_line`."""
    return math.ceil(_advance(face, line)) + 2 * BEARING_DOTS


@lru_cache(maxsize=LINES_KEPT_MAX)
def draw_line(face: Face, line: str) -> Image.Image:
    """One line as a bilevel picture (mode "1", ink is 255) of `width_dots_of` by `line_height_dots`, kept: copy, never draw on it."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 -- loaded by `text_shaping`

    picture = Image.new("L", (width_dots_of(face, line), face.line_height_dots), 0)
    ImageDraw.Draw(picture).text(
        (BEARING_DOTS, face.size_dots * BASELINE_PERCENT // 100),
        line,
        fill=255,
        font=_font(face),
        anchor="ls",
        direction="rtl",
        language="fa",
    )
    return picture.point(_INK, "1")


_INK = [255 if level >= INK_THRESHOLD else 0 for level in range(256)]


@cache
def _font(face: Face) -> FreeTypeFont:
    return open_font(face.file_name, face.size_dots)


@lru_cache(maxsize=WORDS_KEPT_MAX)
def _advance(face: Face, text: str) -> float:
    return _font(face).getlength(text, direction="rtl", language="fa")


def _break_paragraph(paragraph: str, room: float, advance: Callable[[str], float]) -> list[str]:
    if advance(paragraph) <= room:
        return [paragraph]
    words = [
        piece for word in re.findall(_UNBREAKABLE, paragraph) for piece in _cut_to_fit(word, room, advance)
    ]
    lines, used = [words[0]], advance(words[0])
    for word in words[1:]:
        longer = used + advance(" ") + advance(word)
        if longer <= room:
            lines[-1], used = f"{lines[-1]} {word}", longer
        else:
            lines.append(word)
            used = advance(word)
    return lines


def _cut_to_fit(word: str, room: float, advance: Callable[[str], float]) -> list[str]:
    """Cut a word that no line can hold between its letters."""
    pieces = [word]
    while advance(pieces[-1]) > room and len(pieces[-1]) > 1:
        rest = pieces.pop()
        fits = max((n for n in range(1, len(rest)) if advance(rest[:n]) <= room), default=1)
        pieces += [rest[:fits], rest[fits:]]
    return pieces
