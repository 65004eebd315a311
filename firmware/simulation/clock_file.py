"""The clock of a simulation, moved by hand: the far side of `firmware.clock.FileClock`.

24 bytes, little-endian int64 each: wall clock in Unix ms, monotonic ms, and a spare zero. Both move together; `set` moves
only the wall clock, as a technician or a flat battery would.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = struct.Struct("<qqq")


class SimulatedClock:
    """Owns the file, which is made if there is none; an older one goes on from where it stood."""

    def __init__(self, path: Path, *, wall_s: int) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._descriptor).st_size != _RECORD.size:
            self._write(wall_s * 1000, 0)

    @property
    def wall_s(self) -> int:
        """Unix seconds that the simulated world is at."""
        return self._read()[0] // 1000

    def set(self, wall_s: int) -> None:
        """Put the wall clock somewhere; the monotonic clock does not notice."""
        self._write(wall_s * 1000, self._read()[1])

    def advance(self, *, days: int = 0, hours: int = 0, minutes: int = 0, ms: int = 0) -> None:
        """Let time pass on both clocks."""
        passed_ms = ((days * 24 + hours) * 60 + minutes) * 60_000 + ms
        assert passed_ms >= 0, "monotonic"
        wall_ms, monotonic_ms = self._read()
        self._write(wall_ms + passed_ms, monotonic_ms + passed_ms)

    def close(self) -> None:
        """Let go of the file; it keeps its time."""
        os.close(self._descriptor)

    def _read(self) -> tuple[int, int]:
        wall_ms, monotonic_ms, _ = _RECORD.unpack(os.pread(self._descriptor, _RECORD.size, 0))
        return wall_ms, monotonic_ms

    def _write(self, wall_ms: int, monotonic_ms: int) -> None:
        os.pwrite(self._descriptor, _RECORD.pack(wall_ms, monotonic_ms, 0), 0)
