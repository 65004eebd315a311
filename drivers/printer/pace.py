"""Keeps a printer that cannot say "wait" from losing bytes in its own buffer.

Rules:
- Only where nothing holds the till back, and the profile says how fast the printer is: a serial line without flow
  control, or with XON/XOFF, which some adapters filter without heeding it.
- The printer is taken to print at `rows_per_s` and to hold `buffer_bytes`; what is sent is held until its rows are printed.

Pure: the time is an argument, in seconds of any clock that only goes forward. Must not know: ports.
"""

from __future__ import annotations

from collections import deque

_RASTER, _FEED = b"\x1dv0", b"\x1bJ"
_RASTER_HEADER_BYTES = 8


def rows_of(command: bytes) -> int:
    """About how far the paper moves for one command of `drivers.printer.escpos`."""
    if command.startswith(_RASTER):
        return int.from_bytes(command[6:_RASTER_HEADER_BYTES], "little")
    feed = command.rfind(_FEED)
    return command[feed + 2] if 0 <= feed < len(command) - 2 else 0


class Pace:
    """What one printer holds, as far as can be known from here. Owner: whoever sends."""

    def __init__(self, *, rows_per_s: int, buffer_bytes: int) -> None:
        self._rows_per_s = rows_per_s
        self._buffer_bytes = buffer_bytes
        self._held: deque[tuple[float, int]] = deque()
        self._held_bytes = 0
        self._busy_until_s = 0.0

    def wait_s(self, size: int, *, now_s: float) -> float:
        """How long to wait until `size` more bytes fit; a command larger than the buffer waits until it is empty."""
        self._print_until(now_s)
        excess = self._held_bytes + size - self._buffer_bytes
        until_s = now_s
        for done_s, held in self._held:
            if excess <= 0:
                break
            excess -= held
            until_s = done_s
        return until_s - now_s

    def sent(self, command: bytes, *, now_s: float) -> None:
        """`command` has left."""
        self._print_until(now_s)
        self._busy_until_s = max(self._busy_until_s, now_s) + rows_of(command) / self._rows_per_s
        self._held.append((self._busy_until_s, len(command)))
        self._held_bytes += len(command)

    def _print_until(self, now_s: float) -> None:
        while self._held and self._held[0][0] <= now_s:
            self._held_bytes -= self._held.popleft()[1]
