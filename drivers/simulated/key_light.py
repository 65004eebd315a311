"""The light of a simulated keypad: a FIFO beside that of its keys, into which the till writes what it would tell the kernel.

Rule: what is written is kept until somebody looks. Source: Linux `input.h` (EV_LED).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drivers import key_codes as keys
from drivers.input_device import LIGHTS_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

READ_BYTES_MAX = 1 << 16


class KeyLight:
    """The light of the keypad at `path`. Owns its descriptor between `plug_in` and `pull_out`."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + LIGHTS_SUFFIX)
        self._fd = -1

    def plug_in(self) -> None:
        """Have a light; call it before the till opens the keypad."""
        os.mkfifo(self._path, 0o600)
        self._fd = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def pull_out(self) -> None:
        """Have none."""
        os.close(self._fd)
        self._path.unlink()

    def switched(self) -> list[bool]:
        """How it was switched since the last look: on or off, in order."""
        try:
            data = os.read(self._fd, READ_BYTES_MAX)
        except BlockingIOError:
            return []
        return [bool(value) for _, _, kind, _, value in keys.EVENT.iter_unpack(data) if kind == keys.EV_LED]
