"""What the appliance tells whoever looks after it: one JSON object a line.

Rules: `event` is a word, the rest are facts; `ms` is monotonic. Never in a fact: a PIN, a code, a card's secret, a
national ID. A line that cannot be written is lost, for no log may stop the till.
"""

from __future__ import annotations

import os
import select
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from msgspec import json

if TYPE_CHECKING:
    from collections.abc import Callable


class Level(IntEnum):
    """How much a line matters."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class Log:
    """Any task may write. `write` takes one line with its line feed."""

    def __init__(
        self, write: Callable[[str], None], *, level: Level, monotonic_ms: Callable[[], int]
    ) -> None:
        self._write = write
        self._level = level
        self._monotonic_ms = monotonic_ms

    def debug(self, event: str, **facts: Any) -> None:
        """For the simulation and for search."""
        self._line(Level.DEBUG, event, facts)

    def info(self, event: str, **facts: Any) -> None:
        """What happens a few times a day."""
        self._line(Level.INFO, event, facts)

    def warning(self, event: str, **facts: Any) -> None:
        """What mends itself, or somebody nearby should mend."""
        self._line(Level.WARNING, event, facts)

    def error(self, event: str, **facts: Any) -> None:
        """What ends the process or needs a technician."""
        self._line(Level.ERROR, event, facts)

    def _line(self, level: Level, event: str, facts: dict[str, Any]) -> None:
        if level < self._level:
            return
        line = {"level": level.name.lower(), "ms": self._monotonic_ms(), "event": event, **facts}
        self._write(_json_of(line) + "\n")


def _json_of(line: dict[str, Any]) -> str:
    try:
        return json.encode(line, enc_hook=str).decode()
    except (ValueError, OverflowError):
        # A file's name may be no UTF-8, and a number longer than 64 bits.
        return json.encode({name: _printable(fact) for name, fact in line.items()}).decode()


def _printable(fact: object) -> str:
    return str(fact).encode("utf-8", "replace").decode()


def write_to(descriptor: int, *, may_wait: bool) -> Callable[[str], None]:
    """Write lines whole to an open descriptor, such as standard error's.

    Unless it `may_wait`, a line for which there is no room at once is lost: nobody who reads slowly stops the till.
    """
    room = select.poll()
    room.register(descriptor, select.POLLOUT)

    def write(line: str) -> None:
        try:
            if may_wait or room.poll(0):
                os.write(descriptor, line.encode("utf-8", "replace"))
        except OSError:
            return

    return write
