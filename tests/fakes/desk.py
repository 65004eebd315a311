"""A desk with sockets: devices are plugged into them and pulled out, as the kernel would show it.

Each device is a FIFO under the number that the order of plugging gives it. Pulling it out ends its reader as a device that
is gone does: by what cannot be a record.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from drivers import key_codes as keys
from drivers.ports import Port, PortKind
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "05f9:2204"


class Desk:
    """Who looks at it sees what is plugged in now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.looks = 0
        self._plugged: dict[str, Port] = {}
        self._number = 0

    def look(self) -> tuple[Port, ...]:
        self.looks += 1
        return tuple(self._plugged.values())

    def scanner(self, socket: str, *, model: str = MODEL) -> SimulatedScanner:
        """Plug a scanner in: a whole keyboard, as they say of themselves."""
        return SimulatedScanner(self._plug(socket, model=model, may_scan=True))

    def pad(self, socket: str, *, letters: bool = False) -> SimulatedKeypad:
        """Plug a pad in; many a cheap one says that it has letters too."""
        return SimulatedKeypad(self._plug(socket, model="04d9:1203", may_scan=letters))

    def plug(self, port: Port) -> None:
        """Plug in what the story made itself."""
        self._plugged[port.place] = port

    def unplug(self, socket: str) -> None:
        """Pull it out, whatever it is doing."""
        path = self._plugged.pop(socket).path
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(descriptor, b"\xff" * keys.EVENT.size)
            finally:
                os.close(descriptor)
        path.unlink()

    def _plug(self, socket: str, *, model: str, may_scan: bool) -> Path:
        assert socket not in self._plugged, "the socket is taken"
        path = self.folder / f"event{self._number}"
        self._number += 1
        os.mkfifo(path)
        self._plugged[socket] = Port(
            kind=PortKind.KEYS, path=path, place=socket, model=model, name="of the desk", may_scan=may_scan, may_key=True
        )  # fmt: skip
        return path
