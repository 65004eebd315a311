"""An open descriptor that bytes go through, which says how many left it, whatever happens.

Rules:
- Bytes move by os.read and os.write on the bare, non-blocking descriptor.
- One permanent reader; what it reads waits in a bounded queue. One writer at a time.
- A timeout is the longest time without progress, not of the whole: a slip takes half a minute at 9600 baud.
- Closing waits for nobody.

`drivers.serial_port` and `drivers.printer.usb_port` make it a tty and a USB printer: they say what is held back, when the
far side is ready, and what an empty read means.

Edge: no OSError leaves.

Must not know: what the bytes mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
from typing import TYPE_CHECKING, Self

from drivers.errors import DeviceGone, PrinterBlocked
from drivers.newest_queue import NewestQueue

if TYPE_CHECKING:
    from types import TracebackType

WRITE_BYTES_MAX = 4_096
READ_BYTES_MAX = 1_024
QUEUED_READS_MAX = 64
POLL_MS = 20
"""Between two looks at what no event tells: what the kernel still holds, a modem line."""


class BytePort:
    """An open port. Owns its descriptor; one task reads, one task writes.

    Use it in `async with`: entering starts the reader, leaving closes the descriptor.
    """

    holds_back = True
    """Whether the far side can say that it takes no more."""
    reopens_when_stuck = False
    """Whether opening it anew may help one that takes nothing for no reason."""

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

    @property
    def lost_reads(self) -> int:
        """How many reads the queue had to drop; whoever reads a scanner must know."""
        return self._queue.dropped

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

        Returns how many it still holds when not one more has left for `timeout_ms`: 0 is all well, or a port that does
        not say.

        Raises: DeviceGone.
        """
        held = self._held_bytes()
        patience_ms = timeout_ms
        while held and patience_ms > 0:
            await asyncio.sleep(POLL_MS / 1_000)
            before, held = held, self._held_bytes()
            patience_ms = timeout_ms if held < before else patience_ms - POLL_MS
        return held

    def hang_up(self, why: str) -> None:
        """Close it at once: whoever reads or writes then finds the device gone."""
        self._finish(why)

    def has_room(self) -> bool:
        """Whether a byte would be taken now. Raises: DeviceGone."""
        self._check(sent=0)
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(0)) and self._bytes_at_once() > 0

    def restore(self) -> None:
        """Set again what another program may have changed. Raises: DeviceGone."""
        self._check(sent=0)

    def paper_is_out(self) -> bool | None:
        """Whether the port itself says that there is no paper; None where it does not say. Raises: DeviceGone."""
        return None

    def power_was_cut(self) -> bool:
        """Whether the far side went off and on since the last call, as far as the port can see."""
        return False

    def _held_bytes(self) -> int:
        """How many bytes the kernel holds; 0 where it does not say. Raises: DeviceGone."""
        self._check(sent=0)
        return 0

    def _bytes_at_once(self) -> int:
        """How many bytes may be handed over now; 0: ask again after `POLL_MS`."""
        return WRITE_BYTES_MAX

    def _before_close(self) -> None:
        """Throw away what would make closing wait."""

    def _take(self, chunk: bytes) -> None:
        """What was read; an empty chunk is the end."""
        if chunk:
            self._queue.put_newest(chunk)
        else:
            self._finish("hung up")

    def _write_some(self, view: memoryview, *, sent: int) -> int:
        self._check(sent=sent)
        at_once = self._bytes_at_once()
        try:
            return os.write(self._fd, view[:at_once]) if at_once else 0
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
                while self._fd >= 0 and not self._bytes_at_once():  # noqa: ASYNC110 -- a modem line wakes nobody
                    await asyncio.sleep(POLL_MS / 1_000)
        except TimeoutError:
            pass  # room that came in the same turn of the loop still counts
        finally:
            room, self._room = self._room, None
            if self._fd >= 0:
                loop.remove_writer(self._fd)
        return room.is_set() and (self._fd < 0 or self._bytes_at_once() > 0)

    def _readable(self) -> None:
        try:
            chunk = os.read(self._fd, READ_BYTES_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._finish(error.strerror or "read error")
            return
        self._take(chunk)

    def _check(self, *, sent: int) -> None:
        if self._fd < 0:
            raise DeviceGone(f"{self.name}: {self._why_gone}", sent=sent)

    def _finish(self, why: str) -> None:
        if self._fd < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        self._before_close()
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd = -1
        self._why_gone = why
        self._queue.end(lambda: DeviceGone(f"{self.name}: {why}"))
        if self._room is not None:
            self._room.set()
