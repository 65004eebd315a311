"""What is being done now, on one line that is written over where a person looks, and line by line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Tell = Callable[[str], None]
WIDTH = 78


class Progress:
    """Tells which part runs, what it does, and since when."""

    def __init__(self, parts: int) -> None:
        self._parts, self._part, self._name = parts, 0, ""
        self._start_s = time.monotonic()

    def begin(self, name: str) -> None:
        """The next part begins."""
        self._part, self._name = self._part + 1, name
        self.tell("")

    def tell(self, what: str) -> None:
        """Say what goes on."""
        passed_s = time.monotonic() - self._start_s
        line = f"{passed_s:4.0f} s  [{self._part}/{self._parts}] {self._name}{what and ': '}{what}"
        if sys.stderr.isatty():
            print(f"\r{line[:WIDTH]:{WIDTH}}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line free."""
        if sys.stderr.isatty():
            print(f"\r{'':{WIDTH}}\r", end="", file=sys.stderr, flush=True)
