"""What a printer gathers of one line before it prints it: characters and columns of dots, each at its place.

A strict reading of the ESC/POS guide: what would wrap, be cut off or depend on a model is refused.

Rules: characters are 12 x 24 dots (font A), user-defined ones too, whatever of it they fill. All stands on the bottom of
the line. What a printer forgets when it is switched off or reset is here; `Paper` makes a new buffer then.

Source: Epson ESC/POS Application Programming Guide: ESC &, ESC %, ESC ?, ESC $, ESC *, ESC E, GS !, GS L.
Must not know: `drivers.printer.escpos`, `drivers.printer.text_mode`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw

from drivers.printer.text_shaping import open_font

if TYPE_CHECKING:
    from collections.abc import Sequence

CELL_DOTS, CELL_ROWS = 12, 24
COLUMN_BYTES = 3
BUILT_IN_FONT = ("Vazirmatn-Medium.ttf", 17)
"""Any would do: it must only differ from what a till loads."""
CODES = range(0x20, 0x7F)


class _Piece(NamedTuple):
    left_dots: int
    width_dots: int
    rows: tuple[int, ...]
    """Each a number of `width_dots` bits."""


class LineBuffer:
    """Owner: `Paper`. Raises OverflowError for what leaves the line."""

    def __init__(self, width_dots: int) -> None:
        self.width_dots = width_dots
        self.margin_dots = 0
        self.place_dots = 0
        self.bold = False
        self.wide = self.high = 1
        self.user_defined = False
        self._cells: dict[int, tuple[int, ...]] = {}
        self._pieces: list[_Piece] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be printed and the next thing comes at the beginning of the line."""
        return not self._pieces and self.place_dots == 0

    def define(self, code: int, columns: bytes) -> None:
        """Take the picture of a character: up to 12 columns of 3 bytes, the rest stays white."""
        self._cells[code] = _rows_of(columns.ljust(CELL_DOTS * COLUMN_BYTES, b"\0"))

    def undefine(self, code: int) -> None:
        """Go back to the printer's own picture."""
        self._cells.pop(code, None)

    def put_character(self, code: int) -> None:
        """Set one character and move on by its width."""
        own = self._cells.get(code) if self.user_defined else None
        rows = own if own is not None else _built_in(code)
        if self.bold:
            rows = tuple(row | row >> 1 for row in rows)
        rows = tuple(_widened(row, self.wide) for row in rows for _ in range(self.high))
        self._put(rows, CELL_DOTS * self.wide)

    def put_columns(self, columns: bytes, *, dot_width: int) -> None:
        """Set columns of 24 dots, each `dot_width` dots wide."""
        width = len(columns) // COLUMN_BYTES
        rows = tuple(_widened(row, dot_width) for row in _rows_of(columns))
        self._put(rows, width * dot_width)

    def take_rows(self) -> list[bytes]:
        """Return the rows of the line, if any, and begin the next one."""
        height = max((len(piece.rows) for piece in self._pieces), default=0)
        rows = [0] * height
        for piece in self._pieces:
            shift = self.width_dots - piece.left_dots - piece.width_dots
            for index, row in enumerate(piece.rows, start=height - len(piece.rows)):
                rows[index] |= row << shift
        self._pieces.clear()
        self.place_dots = 0
        return [row.to_bytes(self.width_dots // 8, "big") for row in rows]

    def _put(self, rows: tuple[int, ...], width_dots: int) -> None:
        left = self.margin_dots + self.place_dots
        if left + width_dots > self.width_dots:
            raise OverflowError(f"{left} + {width_dots} dots")
        self._pieces.append(_Piece(left, width_dots, rows))
        self.place_dots += width_dots


def _rows_of(columns: bytes) -> tuple[int, ...]:
    """24 rows of columns of 3 bytes, the most significant bit on top."""
    count = len(columns) // COLUMN_BYTES
    if not count:
        return (0,) * CELL_ROWS
    upright = Image.frombytes("1", (CELL_ROWS, count), columns).transpose(Image.Transpose.TRANSPOSE).tobytes()
    row_bytes = len(upright) // CELL_ROWS
    unused_bits = row_bytes * 8 - count
    return tuple(
        int.from_bytes(upright[at : at + row_bytes], "big") >> unused_bits
        for at in range(0, len(upright), row_bytes)
    )


def _widened(row: int, times: int) -> int:
    return row if times == 1 else int("".join(bit * times for bit in f"{row:b}"), 2)


@cache
def _built_in(code: int) -> Sequence[int]:
    """The printer's own picture of an ASCII character."""
    picture = Image.new("1", (CELL_DOTS, CELL_ROWS), 0)
    ImageDraw.Draw(picture).text(
        (CELL_DOTS // 2, 19), chr(code), fill=1, font=open_font(*BUILT_IN_FONT), anchor="ms", direction="ltr"
    )
    data = picture.tobytes()  # two bytes a row, four bits of them unused
    return tuple(int.from_bytes(data[at : at + 2], "big") >> 4 for at in range(0, len(data), 2))
