"""A printer of the USB printer class (`/dev/usb/lp*`), and the one way to open whatever port a printer has.

What Linux's `usblp` does, and what is made of it here:

| it | so |
| --- | --- |
| takes one write at a time, hands it to the USB controller, and says EAGAIN until the printer has taken all of it | `drain` waits until it takes another |
| counts a write that it does not wait for as taken | `sent` may be up to one piece too high, never too low |
| says "readable" with nothing to read, for printers that answer with empty packets | an empty read is no end; the next look is a little later |
| says "hung up" after an unplug; every call is then ENODEV | the port is gone |
| ends the write that was under way as soon as the cable is pulled, and says "hung up" a moment later | a printer that no longer tells its status behind the last byte is looked at again: what it had not taken is not printed |
| `LPGETSTATUS` asks the printer for its port status: 0x18 is normal, 0x20 on top of it is paper out | believed only after the printer has said "normal" once: cheap ones say 0 or 0xFF for ever |

The status call waits for the printer, inside the kernel: one that takes long is not asked again.

Source: Linux `drivers/usb/class/usblp.c`, `lp.h`; USB Device Class Definition for Printing Devices 1.1, 4.2.2 (port
status). Edge: no OSError leaves.

Must not know: ESC/POS.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import stat
import struct
from typing import TYPE_CHECKING

from drivers.byte_port import POLL_MS, BytePort
from drivers.errors import DeviceGone, PortNotOpened
from drivers.flow import Flow
from drivers.serial_port import open_serial_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LPGETSTATUS = 0x060B
NOT_ERROR, SELECTED, PAPER_EMPTY = 0x08, 0x10, 0x20
"""Bits of the port status."""
NORMAL = SELECTED | NOT_ERROR
STATUS_MS_MAX = 200
EMPTY_READ_MS = 100
GONE_WITHIN_MS = 500
"""Longest time from a pulled cable until the kernel says so."""
_USB_PRINTER_MAJOR = 180
"""The kernel's number for USB devices without a class of their own, `usblp` among them."""


def open_printer_port(path: Path, *, baud: int, flow: Flow = Flow.NONE) -> BytePort:
    """Open the port that `path` is: a printer of the USB class, or else a serial port. Raises: PortNotOpened."""
    return open_usb_port(path) if is_usb_printer(path) else open_serial_port(path, baud=baud, flow=flow)


def is_usb_printer(path: Path) -> bool:
    """Whether `usblp` drives what is at `path` now. Speed and flow control mean nothing there."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == _USB_PRINTER_MAJOR


def open_usb_port(path: Path) -> UsbPort:
    """Open a printer for us alone, as the kernel sees to. Nothing is read before `async with`. Raises: PortNotOpened."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PortNotOpened(f"{path}: {error.strerror}") from error
    return UsbPort(fd, name=str(path))


def port_status_of(fd: int) -> int | None:
    """The port status byte; None where there is none to be had."""
    try:
        answer = fcntl.ioctl(fd, LPGETSTATUS, bytes(4))
    except OSError:
        return None
    status: int = struct.unpack("@i", answer)[0]
    return status & 0xFF


class UsbPort(BytePort):
    """An open printer of the USB class."""

    reopens_when_stuck = True

    def __init__(
        self, fd: int, *, name: str, port_status: Callable[[int], int | None] = port_status_of
    ) -> None:
        """Take over `fd`, which is open and non-blocking. `port_status` asks it for its status byte."""
        super().__init__(fd, name=name)
        self._port_status = port_status
        self._may_ask = True
        self._was_normal = False
        self._under_way_bytes = 0

    def paper_is_out(self) -> bool | None:
        """See `BytePort`."""
        self._check(sent=0)
        status = self._asked()
        if status is None:
            return None
        self._was_normal |= status & (NORMAL | PAPER_EMPTY) == NORMAL
        return bool(status & PAPER_EMPTY) if self._was_normal else None

    async def drain(self, *, timeout_ms: int) -> int:
        """See `BytePort`."""
        held = await super().drain(timeout_ms=timeout_ms)
        if not held and self._was_normal and self._may_ask and self._asked() is None:
            await self._see_whether_it_is_gone()
        return held

    async def _see_whether_it_is_gone(self) -> None:
        """Raises: DeviceGone."""
        for _ in range(GONE_WITHIN_MS // POLL_MS):
            await asyncio.sleep(POLL_MS / 1_000)
            self._held_bytes()

    def _asked(self) -> int | None:
        if not self._may_ask:
            return None
        now_s = asyncio.get_running_loop().time
        before_s = now_s()
        status = self._port_status(self._fd)
        took_ms = (now_s() - before_s) * 1_000
        self._may_ask = status is not None and took_ms <= STATUS_MS_MAX
        return status

    def _write_some(self, view: memoryview, *, sent: int) -> int:
        written = super()._write_some(view, sent=sent)
        self._under_way_bytes = written or self._under_way_bytes
        return written

    def _held_bytes(self) -> int:
        """The last piece, until the printer has taken it."""
        self._check(sent=0)
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        events = poll.poll(0)
        if events and events[0][1] & (select.POLLHUP | select.POLLERR):
            self._finish("unplugged")
            raise DeviceGone(f"{self.name}: unplugged")
        return 0 if events else self._under_way_bytes

    def _take(self, chunk: bytes) -> None:
        if chunk:
            self._queue.put_newest(chunk)
            return
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0)):
            self._finish("unplugged")
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.call_later(EMPTY_READ_MS / 1_000, self._read_again)

    def _read_again(self) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().add_reader(self._fd, self._readable)
