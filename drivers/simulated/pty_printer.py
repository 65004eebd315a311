"""A printer at the far side of a pseudo terminal: the till opens its `path` with pyserial as a real port.

It can hold the till by XOFF (`hold`). A pseudo terminal has no modem lines: RTS/CTS and DTR/DSR cannot be shown here.

Rule: the near side is kept open here too, so a till may come and go without the printer noticing, as with a cable.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drivers.simulated.far_printer import FarPrinter

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.printer.profiles import Answer
    from drivers.simulated.paper import Paper


class PtyPrinter(FarPrinter):
    """Owns both ends of the pseudo terminal while plugged in."""

    def __init__(
        self, paper: Paper, *, path: Path, answers: tuple[Answer, ...] = (), bytes_per_s: int | None = None
    ) -> None:
        """Make a printer that appears at `path`, a symbolic link as udev makes them."""
        super().__init__(paper, answers=answers, bytes_per_s=bytes_per_s)
        self.path = path
        self._near = -1

    def _new_far_end(self) -> int:
        """The terminal behind `path` is a new one each time."""
        far, self._near = os.openpty()
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._near))
        return far

    def _close_far_end(self, far: int) -> None:
        os.close(far)
        os.close(self._near)
        self._near = -1
        self.path.unlink(missing_ok=True)
