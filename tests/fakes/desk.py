"""A desk with sockets: devices are plugged into them and pulled out, as the kernel would show it.

Each device is a FIFO under the number that the order of plugging gives it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import structs

from drivers.ports import Port, PortKind
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner, pull_out

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "05f9:2204"


class Desk:
    """Who looks at it sees what is plugged in now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.looks = 0
        self._plugged: dict[str, list[Port]] = {}
        self._number = 0

    def look(self) -> tuple[Port, ...]:
        self.looks += 1
        return tuple(port for faces in self._plugged.values() for port in faces)

    def scanner(self, socket: str, *, model: str = MODEL) -> SimulatedScanner:
        """Plug a scanner in: a whole keyboard, as they say of themselves."""
        return SimulatedScanner(self._plug(socket, model=model, may_scan=True))

    def pad(self, socket: str, *, letters: bool = False) -> SimulatedKeypad:
        """Plug a pad in; many a cheap one says that it has letters too."""
        return SimulatedKeypad(self._plug(socket, model="04d9:1203", may_scan=letters))

    def second_face(self, socket: str) -> SimulatedScanner:
        """Another keyboard that what sits in `socket` shows to the kernel."""
        (first, *_) = self._plugged[socket]
        path = self._node()
        self._plugged[socket].append(structs.replace(first, path=path))
        return SimulatedScanner(path)

    def plug(self, port: Port) -> None:
        """Plug in what the story made itself."""
        self._plugged[port.place] = [port]

    def unplug(self, socket: str) -> None:
        """Pull it out, whatever it is doing."""
        for port in self._plugged.pop(socket):
            pull_out(port.path)

    def _plug(self, socket: str, *, model: str, may_scan: bool) -> Path:
        assert socket not in self._plugged, "the socket is taken"
        path = self._node()
        port = Port(
            kind=PortKind.KEYS, path=path, place=socket, model=model, name="of the desk", may_scan=may_scan, may_key=True
        )  # fmt: skip
        self._plugged[socket] = [port]
        return path

    def _node(self) -> Path:
        path = self.folder / f"event{self._number}"
        self._number += 1
        os.mkfifo(path)
        return path
