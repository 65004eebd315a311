"""A serial port that says how many bytes left it, whatever happens.

Rules:
- pyserial opens and configures the port; then bytes move by os.read and os.write on the bare descriptor. (Its own
  `write` spins, blocks for ever, or does not say how much went out.)
- One permanent reader; what it reads waits in a bounded queue. One writer at a time.
- A timeout is the longest time without progress, not of the whole: a slip takes half a minute at 9600 baud.
- Closing throws away what the kernel still holds, for a close that waits for a printer without paper would stop
  the loop.

Edge: neither OSError, SerialException nor termios.error leaves.

Must not know: what the bytes mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
import termios
from enum import Enum
from typing import TYPE_CHECKING, Self

import serial

from drivers.errors import DeviceGone, PortNotOpened, PrinterBlocked
from drivers.newest_queue import NewestQueue

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

WRITE_BYTES_MAX = 4_096
READ_BYTES_MAX = 1_024
QUEUED_READS_MAX = 64
_DRAIN_POLL_MS = 20


class Flow(Enum):
    """How the far side says that it can take no more."""

    NONE = "none"
    RTS_CTS = "rts_cts"
    XON_XOFF = "xon_xoff"


def open_serial_port(path: Path, *, baud: int, flow: Flow = Flow.NONE) -> SerialPort:
    """Open a port for us alone, 8N1. Nothing is read before `async with`.

    Raises: PortNotOpened.
    """
    try:
        opened = serial.Serial(
            str(path),
            baudrate=baud,
            timeout=0,
            rtscts=flow is Flow.RTS_CTS,
            xonxoff=flow is Flow.XON_XOFF,
            exclusive=True,
        )
        # The duplicate keeps settings, lock and non-blocking mode; pyserial's object is not needed any more.
        with opened:
            fd = fcntl.fcntl(opened.fileno(), fcntl.F_DUPFD_CLOEXEC, 0)
    except (OSError, ValueError, termios.error) as error:
        raise PortNotOpened(f"{path}: {error}") from error
    return SerialPort(fd, name=str(path))


class SerialPort:
    """An open port. Owns its descriptor; one task reads, one task writes.

    Use it in `async with`: entering starts the reader, leaving closes the descriptor.
    """

    def __init__(self, fd: int, *, name: str) -> None:
        """Take over `fd`, which is open, configured and non-blocking."""
        self.name = name
        self._fd = fd
        self._why_gone = ""
        self._room: asyncio.Event | None = None
        self._queue: NewestQueue[bytes] = NewestQueue(items_max=QUEUED_READS_MAX)

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._fd, self._readable)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish("closed")

    async def read(self, *, timeout_ms: int | None = None) -> bytes:
        """Return the next bytes from the far side, or b"" if none come for `timeout_ms`. Raises: DeviceGone."""
        return await self._queue.get(timeout_ms=timeout_ms) or b""

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        """Hand all of `data` to the kernel; return its length.

        Raises: PrinterBlocked if not one more byte is taken for `timeout_ms`; DeviceGone. Both say in `sent` how
        many bytes of `data` were taken: they may be on paper already, or come out later.
        """
        assert self._room is None, "one writer at a time"
        view = memoryview(data)
        sent = self._write_some(view, sent=0)
        while sent < len(data):
            if not await self._wait_for_room(timeout_ms):
                raise PrinterBlocked(f"{self.name}: takes no more bytes", sent=sent)
            sent += self._write_some(view[sent:], sent=sent)
        return sent

    async def drain(self, *, timeout_ms: int) -> int:
        """Wait until the kernel holds no more bytes for the far side.

        Returns how many it still holds when not one more has left for `timeout_ms`: 0 is all well. A pseudo
        terminal does not count them and says 0.

        Raises: DeviceGone.
        """
        held = self._held_bytes()
        patience_ms = timeout_ms
        while held and patience_ms > 0:
            await asyncio.sleep(_DRAIN_POLL_MS / 1_000)
            before, held = held, self._held_bytes()
            patience_ms = timeout_ms if held < before else patience_ms - _DRAIN_POLL_MS
        return held

    def _held_bytes(self) -> int:
        self._check(sent=0)
        try:
            answer = fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0  # a port that does not say
        held: int = struct.unpack("@i", answer)[0]
        return held

    def _write_some(self, view: memoryview, *, sent: int) -> int:
        self._check(sent=sent)
        try:
            return os.write(self._fd, view[:WRITE_BYTES_MAX])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._finish(error.strerror or "write error")
            raise DeviceGone(f"{self.name}: {self._why_gone}", sent=sent) from error

    async def _wait_for_room(self, timeout_ms: int) -> bool:
        loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        loop.add_writer(self._fd, self._room.set)
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                await self._room.wait()
        except TimeoutError:
            pass  # room that came in the same turn of the loop still counts
        finally:
            room, self._room = self._room, None
            if self._fd >= 0:
                loop.remove_writer(self._fd)
        return room.is_set()

    def _readable(self) -> None:
        try:
            chunk = os.read(self._fd, READ_BYTES_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._finish(error.strerror or "read error")
            return
        if chunk:
            self._queue.put_newest(chunk)
        else:
            self._finish("hung up")

    def _check(self, *, sent: int) -> None:
        if self._fd < 0:
            raise DeviceGone(f"{self.name}: {self._why_gone}", sent=sent)

    def _finish(self, why: str) -> None:
        if self._fd < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd = -1
        self._why_gone = why
        self._queue.end(lambda: DeviceGone(f"{self.name}: {why}"))
        if self._room is not None:
            self._room.set()
