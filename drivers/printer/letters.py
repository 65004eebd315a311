"""Which letters a printer holds, and under which codes.

Rules:
- A printer holds 95 letters, codes 20h-7Eh. The one that was used least makes room, but never one of the line that is
  about to be printed. Uses long ago count less and less.
- A Persian digit has the code of the same digit in ASCII, and nothing else has one: a printer that has lost its memory
  unseen (switched off and on) shows the right amount in its own digits among letters that are plainly wrong.
- A space and some signs are the printer's own and are never loaded over: they are the same among letters of either set.

Source: Epson ESC/POS Application Programming Guide, ESC & (codes 32 to 126).
Must not know: bytes of commands, Persian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers.printer.strip import Cell

CODES: Final = range(0x20, 0x7F)
NEUTRAL: Final = " -./:"
_HOMES: Final = frozenset(map(ord, NEUTRAL + "0123456789"))
_FREE: Final = tuple(code for code in CODES if code not in _HOMES)
USES_HALVED_LINES = 256
"""After so many lines, some receipts, all counts are halved."""


class LoadedLetters:
    """The letters of one printer. Owner: its encoder."""

    def __init__(self) -> None:
        self._codes: dict[Cell, int] = {}
        self._uses: dict[Cell, int] = {}
        self._lines = 0
        self.in_use: bool | None = None
        """Whether the printer shows loaded letters where it has them; None: not known."""

    def forget(self) -> None:
        """The printer holds nothing any more, and shows what it likes."""
        self._codes.clear()
        self.in_use = None

    def use(self, cells: Iterable[Cell]) -> None:
        """Count a line that is about to be printed."""
        self._lines += 1
        if self._lines % USES_HALVED_LINES == 0:
            self._uses = {cell: uses // 2 for cell, uses in self._uses.items() if uses > 1}
        for cell in _to_load(cells):
            self._uses[cell] = self._uses.get(cell, 0) + 1

    def missing(self, cells: Iterable[Cell]) -> list[tuple[int, Cell]]:
        """Which cells must be loaded before a line of these `cells`, and under which codes."""
        wanted = _to_load(cells)
        taken = {code: cell for cell, code in self._codes.items() if cell not in wanted}
        kept = {self._codes[cell] for cell in wanted if cell in self._codes}
        rooms = iter(
            sorted(
                (code for code in _FREE if code not in kept), key=lambda code: self._worth(taken.get(code))
            )
        )
        return [
            (next(rooms) if cell.home is None else ord(cell.home), cell)
            for cell in wanted
            if cell not in self._codes
        ]

    def load(self, code: int, cell: Cell) -> None:
        """The printer now shows `cell` for `code`, and no longer what it showed before."""
        for other in [other for other, its in self._codes.items() if its == code]:
            del self._codes[other]
        self._codes[cell] = code

    def code_of(self, cell: Cell) -> int:
        """The code that prints a loaded cell, or one of the printer's own."""
        return self._codes[cell] if cell.columns else ord(cell.home or " ")

    def _worth(self, cell: Cell | None) -> int:
        return 0 if cell is None else 1 + self._uses.get(cell, 0)


def _to_load(cells: Iterable[Cell]) -> dict[Cell, None]:
    return dict.fromkeys(cell for cell in cells if cell.columns)
