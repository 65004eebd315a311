"""How much goes over the line at once, each way: what got through decides. Pure.

A line that breaks after some kilobytes brings through nothing larger, however often it is tried; a good one loses a round
trip with each piece. So the room halves after a break and doubles after an exchange that needed at least half of it.
"""

from __future__ import annotations

ROOM_BYTES_LEAST = 1 << 10
ROOM_BYTES_FIRST = 16 << 10
ROOM_BYTES_MOST = 256 << 10
ENTRY_BYTES_FIRST = 100
"""An entry's share of a batch, before the first was packed."""


class Room:
    """Bytes for a batch up, and for mail down; a single entry or item that is larger goes all the same."""

    def __init__(self) -> None:
        self.size_bytes = ROOM_BYTES_FIRST
        self._entry_bytes = ENTRY_BYTES_FIRST

    def entries(self, most: int) -> int:
        """How many entries a batch should try, from 1 to `most`."""
        return max(1, min(most, self.size_bytes // self._entry_bytes))

    def fits(self, packed_bytes: int, entries: int) -> bool:
        """Whether a packed batch may go; what it came to is the measure of the next one."""
        if entries:
            self._entry_bytes = max(1, -(-packed_bytes // entries))
        return packed_bytes <= self.size_bytes or entries <= 1

    def got_through(self, most_bytes: int) -> None:
        """An exchange was answered; the larger of its two ways came to `most_bytes`."""
        if most_bytes >= self.size_bytes // 2:
            self.size_bytes = min(2 * self.size_bytes, ROOM_BYTES_MOST)

    def broke(self) -> None:
        """An exchange was not answered."""
        self.size_bytes = max(self.size_bytes // 2, ROOM_BYTES_LEAST)
