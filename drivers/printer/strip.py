"""One strip of paper: packed dots, ready for a printer's raster command.

Drawing (`drivers.printer.raster`) makes strips, `drivers.printer.escpos` turns them into bytes; neither knows the other.
"""

from __future__ import annotations

from msgspec import Struct

STRIP_ROWS_MAX = 128
"""Rows a strip may have: cheap 58 mm printers lose data in taller ones."""


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
