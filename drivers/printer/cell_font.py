"""The letters that a printer with a text mode is given: which cells show a character.

Rules:
- A character here is one form of a letter (Unicode's presentation forms), as `text_shaping.visual` gives them.
- A Persian digit has the code of the ASCII digit for its home (see `drivers.printer.letters`).
- Latin letters and digits, and signs that every printer has, are the printer's own: codes to be typed or read out, of
  which it knows more than would fit beside Persian.

| line of `drivers/fonts/vazirmatn-12x24.hex` | is |
| --- | --- |
| `FE8D:0000...` | code, colon, 3 bytes a column, 12 or 24 columns, the upper dot in the most significant bit |

Source: Unicode, Arabic Presentation Forms-A and -B; GNU Unifont's .hex format, turned to columns.
Must not know: slips, printers' commands.
"""

from __future__ import annotations

import string
from functools import cache
from typing import TYPE_CHECKING, Final

from drivers.printer.strip import CELL_BYTES, Cell
from drivers.printer.text_shaping import FONTS

if TYPE_CHECKING:
    from collections.abc import Mapping

CELL_FONT: Final = FONTS / "vazirmatn-12x24.hex"
PRINTERS_OWN: Final = string.ascii_letters + string.digits + " !\"%&'()*+,-./:;<=>?_"
"""Not those that differ by country (ISO/IEC 646): they are drawn by us."""
PERSIAN_DIGITS: Final = "۰۱۲۳۴۵۶۷۸۹"


@cache
def cells() -> Mapping[str, tuple[Cell, ...]]:
    """The cells of each character, from left to right. None of them, or an own one with no columns, is a space."""
    own = {character: (Cell(b"", character),) for character in PRINTERS_OWN}
    return own | dict(map(_character, CELL_FONT.read_text().splitlines()))


def _character(line: str) -> tuple[str, tuple[Cell, ...]]:
    code, _, columns = line.partition(":")
    character, data = chr(int(code, 16)), bytes.fromhex(columns)
    home = str(PERSIAN_DIGITS.index(character)) if character in PERSIAN_DIGITS else None
    return character, tuple(Cell(data[at : at + CELL_BYTES], home) for at in range(0, len(data), CELL_BYTES))
