"""A slip's texts as lines of cells, for printers that print letters of ours as characters.

Rules:
- Persian is joined and ordered by `text_shaping.visual`, each form shown by its cells: a fixed alphabet, so that a
  printer holds it from slip to slip and a line costs a byte a cell.
- A text with a character that has no cell is not set here: whoever asks draws it as dots.
- Vowel signs stand on no cell and are left out, as Persian does everywhere else.
- Large letters are cells of double width and height; small ones only stand closer.

Must not know: which letters a printer holds, its commands.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, assert_never

from drivers.printer.cell_font import cells
from drivers.printer.slip import Align, Pair, Rule, Size, Text
from drivers.printer.strip import CELL_DOTS, CELL_ROWS, Cell, Run, TextLine
from drivers.printer.text_layout import break_lines
from drivers.printer.text_shaping import visual

if TYPE_CHECKING:
    from collections.abc import Sequence

LEADING_ROWS: Final = {Size.SMALL: 2, Size.NORMAL: 4, Size.LARGE: 6}
"""White between two lines."""
SCALE: Final = {Size.SMALL: 1, Size.NORMAL: 1, Size.LARGE: 2}
LABEL_SHARE_MIN_PERCENT = 35
"""Of the line: a value that leaves its label less than this gets a line of its own."""
SOLID, DASHED = "\u2500", "\u2504"
RULE_WIDTHS = (8, 4, 2, 1)
"""How many times as wide the cells of a rule are: the wider, the fewer."""
WORDS_KEPT_MAX = 2048
_ONE_LETTER: Final = str.maketrans("يىك", "ییک")


class NoCell(Exception):
    """A character that no cell shows."""


def set_element(element: Text | Pair | Rule, width_dots: int) -> list[TextLine] | None:
    """The lines of an element from top to bottom; None if it must be drawn."""
    columns = width_dots // CELL_DOTS
    try:
        match element:
            case Text():
                return _text_lines(element, columns // SCALE[element.size])
            case Pair():
                return _pair_lines(element, columns // SCALE[element.size])
            case Rule(dashed=dashed):
                return [_rule_line(DASHED if dashed else SOLID, columns)]
            case _:
                assert_never(element)
    except NoCell:
        return None


def _text_lines(text: Text, columns: int) -> list[TextLine]:
    lines = map(_set, break_lines(text.text, columns, _columns_of))
    return [_line([(_left(line, text.align, columns), line)], text.size, bold=text.bold) for line in lines]


def _left(line: Sequence[Cell], align: Align, columns: int) -> int:
    free = columns - len(line)
    return {Align.LEFT: 0, Align.CENTER: free // 2, Align.RIGHT: free}[align]


def _pair_lines(pair: Pair, columns: int) -> list[TextLine]:
    """The value stands on the label's last line, or below it where the two have no room side by side."""
    value = _set(pair.value)
    room = columns - len(value) - 1
    if room * 100 < columns * LABEL_SHARE_MIN_PERCENT and _columns_of(pair.label) > room:
        label = _text_lines(Text(pair.label, pair.size, pair.bold), columns)
        return label + _text_lines(Text(pair.value, pair.size, pair.bold, Align.LEFT), columns)
    *above, last = [_set(line) for line in break_lines(pair.label, room, _columns_of)]
    return [
        *(_line([(columns - len(line), line)], pair.size, bold=pair.bold) for line in above),
        _line([(0, value), (columns - len(last), last)], pair.size, bold=pair.bold),
    ]


def _line(placed: Sequence[tuple[int, tuple[Cell, ...]]], size: Size, *, bold: bool = False) -> TextLine:
    scale = SCALE[size]
    return TextLine(
        runs=tuple(Run(column * CELL_DOTS * scale, line) for column, line in placed if line),
        height=CELL_ROWS * scale + LEADING_ROWS[size],
        cell_width=scale,
        cell_height=scale,
        bold=bold,
    )


def _rule_line(character: str, columns: int) -> TextLine:
    times = next(times for times in RULE_WIDTHS if columns % times == 0)
    cell = cells()[character] * (columns // times)
    return TextLine(runs=(Run(0, cell),), height=CELL_ROWS, cell_width=times)


def _columns_of(text: str) -> int:
    return len(_set(text))


@lru_cache(maxsize=WORDS_KEPT_MAX)
def _set(text: str) -> tuple[Cell, ...]:
    """The cells of one line from left to right. Raises: NoCell."""
    if not text:
        return ()
    font = cells()
    line: list[Cell] = []
    for character in visual(text.translate(_ONE_LETTER)):
        if character in font:
            line += font[character]
        elif not unicodedata.combining(character):
            raise NoCell(character)
    return tuple(line)
