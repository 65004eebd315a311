"""Which letters a printer holds, and under which codes.

Rules:
- A printer holds 95 letters, codes 20h-7Eh. The one that was not used for longest makes room, but never one of the
  line that is about to be printed.
- A Persian digit has the code of the same digit in ASCII, and nothing else has one: a printer that has lost its memory
  unseen (switched off and on) shows the right amount in its own digits among letters that are plainly wrong.
- A space is the printer's own.

Source: Epson ESC/POS Application Programming Guide, ESC & (codes 32 to 126).
Must not know: bytes of commands, Persian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers.printer.strip import Cell

CODES: Final = range(0x20, 0x7F)
SPACE = 0x20
_HOMES: Final = frozenset(map(ord, " 0123456789"))
_FREE: Final = tuple(code for code in CODES if code not in _HOMES)


class LoadedLetters:
    """The letters of one printer. Owner: its encoder."""

    def __init__(self) -> None:
        self._codes: dict[Cell, int] = {}
        """By last use, the oldest first."""

    def forget(self) -> None:
        """The printer holds nothing any more."""
        self._codes.clear()

    def missing(self, cells: Iterable[Cell]) -> list[tuple[int, Cell]]:
        """Which cells must be loaded before a line of these `cells`, and under which codes; all count as used now."""
        wanted = [cell for cell in dict.fromkeys(cells) if home_of(cell) != SPACE]
        for cell in wanted:
            if (code := self._codes.pop(cell, None)) is not None:
                self._codes[cell] = code
        absent = [cell for cell in wanted if cell not in self._codes]
        taken = set(self._codes.values())
        room = [code for code in _FREE if code not in taken]
        room += [code for code in self._codes.values() if code not in _HOMES]
        codes = iter(room)
        return [(home_of(cell) or next(codes), cell) for cell in absent]

    def load(self, code: int, cell: Cell) -> None:
        """The printer now shows `cell` for `code`, and no longer what it showed before."""
        for other in [other for other, its in self._codes.items() if its == code]:
            del self._codes[other]
        self._codes[cell] = code

    def code_of(self, cell: Cell) -> int:
        """The code that prints a loaded cell."""
        return SPACE if home_of(cell) == SPACE else self._codes[cell]


def home_of(cell: Cell) -> int | None:
    """The one code a cell may have, if there is one."""
    return None if cell.home is None else ord(cell.home)
