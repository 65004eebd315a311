"""What a slip comes to on a printer: strips of dots, and where the printer can, lines of letters and symbols of its own.

Drawing makes these parts, `drivers.printer.escpos` turns them into bytes; neither knows the other.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

STRIP_ROWS_MAX = 128
"""Rows a strip may have: cheap 58 mm printers lose data in taller ones."""
CELL_DOTS, CELL_ROWS = 12, 24
CELL_BYTES = CELL_DOTS * CELL_ROWS // 8


class Strip(Struct, frozen=True):
    """Rows of dots from top to bottom.

    `data` holds `height` rows of `width_dots / 8` bytes each, most significant bit at the left, 1 is black.
    """

    width_dots: int
    height: int
    data: bytes

    def __post_init__(self) -> None:
        assert self.width_dots % 8 == 0, "a row is whole bytes"
        assert 0 < self.height <= STRIP_ROWS_MAX, "a strip has 1 to 128 rows"
        assert len(self.data) == self.height * self.width_dots // 8, "data is height x row bytes"


class Cell(NamedTuple):
    """A letter's form, or half of a wide one, as a printer stores it: 12 columns of 24 dots, the upper dot first.

    Without columns it is a character of the printer's own: `home`.
    """

    columns: bytes
    home: str | None = None
    """The ASCII character whose code the cell has to have; None: any but a digit's."""


class Run(NamedTuple):
    """Cells side by side, from left to right."""

    left_dots: int
    cells: tuple[Cell, ...]


class TextLine(Struct, frozen=True, kw_only=True):
    """A line of cells, in the order in which they stand on paper from left to right."""

    runs: tuple[Run, ...]
    height: int
    """Rows from this line to the next, at least those of its cells."""
    cell_width: int = 1
    """How many times as wide as a cell, and likewise high."""
    cell_height: int = 1
    bold: bool = False

    def __post_init__(self) -> None:
        assert CELL_ROWS * self.cell_height <= self.height <= 0xFF, "a line is fed at once"

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of them."""
        return tuple(cell for run in self.runs for cell in run.cells)


class QrSymbol(Struct, frozen=True, kw_only=True):
    """A QR symbol that the printer draws itself, centered, without its quiet zone. `text` is ASCII."""

    text: str
    level: str
    """l, m, q or h."""
    module_dots: int


Part = Strip | TextLine | QrSymbol
