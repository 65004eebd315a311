"""What is behind a printer's USB plug: the simulated far side of any printer port, fed from the cable.

Rule: one piece of what comes over the cable waits here while the printer takes no more; the rest is left on the cable.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from drivers.simulated.far_printer import FarPrinter

if TYPE_CHECKING:
    from collections.abc import Callable

BUFFER_BYTES = 2_048
READ_BYTES_MAX = 1_024


class PrinterEngine(FarPrinter):
    """Owns both ends of the socket pair between the plug and the printer while plugged in."""

    _near: socket.socket | None = None
    _rest = b""

    def connect(self, *, say: Callable[[bytes], None], ready: Callable[[], None]) -> None:
        """Be plugged in: `say` carries status bytes to the till, `ready` asks for the next piece."""
        self._ready = ready
        self.unplug()
        self.plug_in()
        near = self._near
        assert near is not None, "plugged in"
        asyncio.get_running_loop().add_reader(near, lambda: say(near.recv(READ_BYTES_MAX)))

    @property
    def has_paper(self) -> bool:
        """Whether there is paper."""
        return self._has_paper

    def take(self, piece: bytes) -> bool:
        """Print a piece; False: not now."""
        if self._near is None or self._rest:
            return False
        self._rest = piece
        self._push()
        return True

    def _push(self) -> None:
        assert self._near is not None, "plugged in"
        loop = asyncio.get_running_loop()
        try:
            self._rest = self._rest[self._near.send(self._rest) :]
        except BlockingIOError:
            pass
        except OSError:
            self._rest = b""
        if self._rest:
            loop.add_writer(self._near, self._push)
        else:
            loop.remove_writer(self._near)
            loop.call_soon(self._ready)

    def _new_far_end(self) -> int:
        self._near, far = socket.socketpair()
        self._near.settimeout(0)
        self._near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._rest = b""
        return far.detach()

    def _close_far_end(self, far: int) -> None:
        super()._close_far_end(far)
        if self._near is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._near)
            loop.remove_writer(self._near)
            self._near.close()
            self._near = None
