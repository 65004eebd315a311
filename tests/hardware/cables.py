"""Both ends of a printer's cable, for tests that must hold for every kind of port, simulated or real.

Without more, the ends are a pseudo terminal and a socket pair. `SOFREH_PRINTER=/dev/usb/lp0` adds a real port, opened by
its path as the till opens it, and `SOFREH_PRINTER_FAR=/dev/g_printer0` its far end, where one can be had on the same
machine: what a test needs that far end for is skipped without it. `SOFREH_PRINTER_BAUD` is 115200 unless given.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.printer.usb_port import UsbPort, open_printer_port
from drivers.serial_port import open_serial_port

if TYPE_CHECKING:
    from drivers.byte_port import BytePort

NEAR, FAR, BAUD = "SOFREH_PRINTER", "SOFREH_PRINTER_FAR", "SOFREH_PRINTER_BAUD"
READ_BYTES_MAX = 1 << 16


class Cable:
    """A far end that takes bytes only when it is told to."""

    exclusive = True

    def __init__(self, far: int) -> None:
        self.far = far
        os.set_blocking(far, False)

    def open_port(self) -> BytePort:
        raise NotImplementedError

    def take(self) -> bytes:
        """What has come by now."""
        try:
            return os.read(self.far, READ_BYTES_MAX)
        except BlockingIOError:
            return b""

    async def take_until(self, size: int) -> bytes:
        taken = bytearray()
        async with asyncio.timeout(30):
            while len(taken) < size:
                taken += self.take()
                await asyncio.sleep(0.001)
        return bytes(taken)

    def say(self, data: bytes) -> None:
        os.write(self.far, data)

    def unplug(self) -> None:
        os.close(self.far)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.far)


class PtyCable(Cable):
    def __init__(self) -> None:
        far, self._near = os.openpty()
        tty.setraw(far)
        self.path = Path(os.ttyname(self._near))
        super().__init__(far)

    def open_port(self) -> BytePort:
        return open_serial_port(self.path, baud=115_200)

    def unplug(self) -> None:
        super().unplug()
        os.close(self._near)


class SocketCable(Cable):
    exclusive = False

    def __init__(self) -> None:
        self._near, far = socket.socketpair()
        super().__init__(far.detach())

    def open_port(self) -> BytePort:
        fd = os.dup(self._near.fileno())
        os.set_blocking(fd, False)
        return UsbPort(fd, name="socket", port_status=lambda _: None)

    def close(self) -> None:
        super().close()
        self._near.close()


class RealCable(Cable):
    def __init__(self) -> None:
        self._path = Path(os.environ[NEAR])
        far = os.environ.get(FAR)
        self._has_far = far is not None
        super().__init__(os.open(far or os.devnull, os.O_RDWR | os.O_NONBLOCK))

    def open_port(self) -> BytePort:
        return open_printer_port(self._path, baud=int(os.environ.get(BAUD, "115200")))

    def take(self) -> bytes:
        return self._needs_far_end(super().take())

    def say(self, data: bytes) -> None:
        self._needs_far_end(b"")
        super().say(data)

    def unplug(self) -> None:
        pytest.skip("nobody here can pull a real cable")

    def _needs_far_end(self, data: bytes) -> bytes:
        if not self._has_far:
            pytest.skip(f"{FAR} is not given")
        return data


CABLES: dict[str, type[PtyCable | SocketCable | RealCable]] = {
    "serial pty": PtyCable,
    "usb stand-in": SocketCable,
}
if NEAR in os.environ:
    CABLES["real"] = RealCable
