"""The center's clock: the system's, or the simulated clock file. Whoever needs the time is given a clock."""

from __future__ import annotations

import os
import struct
import time
from typing import TYPE_CHECKING, Protocol

from sync.central.errors import WrongInput

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = struct.Struct("<qqq")
"""The simulated clock file: wall clock in Unix ms, monotonic ms, spare."""


class Clock(Protocol):
    """Tells the time."""

    def now_s(self) -> int:
        """Unix seconds."""


class SystemClock:
    """The clock of this machine."""

    def now_s(self) -> int:
        """See `Clock`."""
        return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000_000


class FileClock:
    """The clock of a simulation, read anew at each use; somebody else moves it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now_s(self) -> int:
        """See `Clock`. Raises: WrongInput, when the file is missing or too short."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise WrongInput(f"clock {self._path}", error.strerror or "cannot be opened") from None
        try:
            data = os.pread(descriptor, _RECORD.size, 0)
        finally:
            os.close(descriptor)
        if len(data) != _RECORD.size:
            raise WrongInput(f"clock {self._path}", f"has {len(data)} of {_RECORD.size} bytes")
        wall_ms: int = _RECORD.unpack(data)[0]
        return wall_ms // 1000
