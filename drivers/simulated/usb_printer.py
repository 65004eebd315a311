"""A stand-in for a printer of the USB printer class: a socket pair with a port status beside it.

As with `usblp`, a full printer makes the near side say EAGAIN, an unplugged one hangs up, and the port status is asked
apart from the bytes. What it cannot show: one write at a time, ENODEV, and empty reads. Those are the kernel's and tried
against the real driver in the lab.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from drivers.printer.usb_port import NORMAL, PAPER_EMPTY, SELECTED, UsbPort
from drivers.simulated.far_printer import FarPrinter

if TYPE_CHECKING:
    from drivers.printer.profiles import Answer
    from drivers.simulated.paper import Paper


class SocketPrinter(FarPrinter):
    """Owns both ends of the pair while plugged in."""

    def __init__(
        self, paper: Paper, *, answers: tuple[Answer, ...] = (), port_status: int | None = NORMAL
    ) -> None:
        """Make a printer that says `port_status` when all is well; None: it knows no port status."""
        super().__init__(paper, answers=answers)
        self._port_status = port_status
        self._near: socket.socket | None = None

    def open_port(self) -> UsbPort:
        """Open the near side as `drivers.printer.usb_port` does. One at a time."""
        assert self._near is not None, "not plugged in"
        fd = os.dup(self._near.fileno())
        os.set_blocking(fd, False)
        return UsbPort(fd, name="usb printer", port_status=self._say_port_status)

    def _say_port_status(self, _: int) -> int | None:
        if self._port_status is None or self._has_paper:
            return self._port_status
        return SELECTED | PAPER_EMPTY

    def _new_far_end(self) -> int:
        self._near, far = socket.socketpair()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        return far.detach()

    def _close_far_end(self, far: int) -> None:
        os.close(far)
        if self._near is not None:
            self._near.close()
            self._near = None
