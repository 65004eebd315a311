"""One scanner or keypad: whole kernel event records from a character device or, in a simulation, a FIFO.

Rules:
- One permanent reader on the descriptor fills a bounded queue of our own; timeouts and cancellation act on the
  queue, so they never lose a key.
- What the queue had to drop is told like the kernel tells it: the next records begin with SYN_DROPPED.
- A character device is grabbed, so its keys reach nobody else (no console types a PIN), and stamps its events by
  the monotonic clock, which nobody sets.
- A FIFO is opened for reading and writing, so it never ends when a writer closes it.
- All lights that a keyboard says it has are switched together: pads promise Num, Caps and Scroll Lock and have one of them.
  Writing to a grabbed device is ours alone, so no console's Num Lock meddles. A FIFO's lights are a second one beside it.
- What cannot be a record means that records are cut in the wrong places: the device counts as gone, and is right again
  when it is opened anew. Else it would be deaf for ever, without a word.

Source: Linux `input.h` (EVIOCGRAB, EVIOCSCLOCKID, EVIOCGBIT). Edge: no OSError leaves.

Must not know: what keys or lights mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import stat
import struct
from typing import TYPE_CHECKING, Self

from drivers import key_codes as keys
from drivers.errors import DeviceGone, PortNotOpened
from drivers.newest_queue import NewestQueue

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

EVIOCGRAB = 0x4004_4590
EVIOCSCLOCKID = 0x4004_45A0
EVIOCGBIT_EV_LED = 0x8002_4531
"""Two bytes of bits: which lights a keyboard has."""
LIGHTS_SUFFIX = ".lights"
_CLOCK_MONOTONIC = 1

READ_RECORDS_MAX = 64
"""Records taken in one read: as many as the kernel's ring holds."""
QUEUED_READS_MAX = 64
SECONDS_MAX = 1 << 40
"""No stamp of this age of the world is larger."""


def open_input_device(path: Path) -> InputDevice:
    """Open a device, or the FIFO that stands for it. Nothing is read before `async with`.

    Raises: PortNotOpened.
    """
    try:
        is_fifo = stat.S_ISFIFO(path.stat().st_mode)
        fd = _opened(path)
    except OSError as error:
        raise PortNotOpened(f"{path}: {error.strerror}") from error
    if is_fifo:
        return InputDevice(fd, name=str(path), lights=_lights_beside(path))
    _own(fd, path)
    return InputDevice(fd, name=str(path), lights=_lights_of(fd))


def _opened(path: Path) -> int:
    """For reading and writing; one that we may only read has no lights for us."""
    flags = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        return os.open(path, os.O_RDWR | flags)
    except PermissionError:
        return os.open(path, os.O_RDONLY | flags)


def _own(fd: int, path: Path) -> None:
    try:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
        fcntl.ioctl(fd, EVIOCSCLOCKID, struct.pack("@i", _CLOCK_MONOTONIC))
    except OSError as error:
        os.close(fd)
        raise PortNotOpened(
            f"{path}: neither a FIFO nor an input device of ours ({error.strerror})"
        ) from error


def _lights_of(fd: int) -> Lights | None:
    try:
        bits = int.from_bytes(fcntl.ioctl(fd, EVIOCGBIT_EV_LED, bytes(2)), "little")
        is_ours = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR
        codes = tuple(code for code in range(16) if bits >> code & 1)
        return Lights(os.dup(fd), codes) if codes and is_ours else None
    except OSError:
        return None


def _lights_beside(path: Path) -> Lights | None:
    try:
        beside = path.with_name(path.name + LIGHTS_SUFFIX)
        return Lights(os.open(beside, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC), (0,))
    except OSError:
        return None


class Lights:
    """The lights of one keyboard. Owns its descriptor."""

    def __init__(self, fd: int, codes: tuple[int, ...]) -> None:
        self._fd = fd
        self._codes = codes
        self._lit = False

    def switch(self, *, on: bool) -> bool:
        """Switch all of them; False if the keyboard does not take it."""
        data = b"".join(keys.EVENT.pack(0, 0, keys.EV_LED, code, on) for code in self._codes)
        try:
            os.write(self._fd, data + keys.EVENT.pack(0, 0, keys.EV_SYN, keys.SYN_REPORT, 0))
        except OSError:
            return False
        self._lit = on
        return True

    def close(self) -> None:
        """Leave no light on."""
        if self._lit:
            self.switch(on=False)
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd = -1


class InputDevice:
    """An open device. Owns its descriptor and its queue; `read` is for one task.

    Use it in `async with`: entering starts the reader, leaving closes the descriptor.
    """

    def __init__(self, fd: int, *, name: str, lights: Lights | None = None) -> None:
        """Take over `fd`, which is open and non-blocking, and `lights`."""
        self.name = name
        self.lights = lights
        """Its lights, if it has any that we may switch."""
        self._fd = fd
        self._rest = b""
        self._told = 0
        self._queue: NewestQueue[bytes] = NewestQueue(items_max=QUEUED_READS_MAX)

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._fd, self._readable)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd >= 0:
            self._finish("closed")

    async def read(self, *, timeout_ms: int | None = None) -> bytes:
        """Return the next whole records, or b"" if none come for `timeout_ms`.

        Raises: DeviceGone, after everything that came before it has been read.
        """
        records = await self._queue.get(timeout_ms=timeout_ms)
        if records is None:
            return b""
        if self._queue.dropped == self._told:
            return records
        self._told = self._queue.dropped
        return _dropped_before(records) + records

    def unread(self, records: bytes) -> None:
        """Give back what `read` returned last, to whoever reads next: the device is somebody else's from now on."""
        if records:
            self._queue.put_back(records)

    def _readable(self) -> None:
        try:
            chunk = os.read(self._fd, READ_RECORDS_MAX * keys.EVENT.size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._finish(error.strerror or "read error")
            return
        if not chunk:
            self._finish("end of input")
            return
        data = self._rest + chunk
        whole = len(data) - len(data) % keys.EVENT.size
        self._rest = data[whole:]
        if not _are_records(data[:whole]):
            self._finish("what it sends are no event records")
        elif whole:
            self._queue.put_newest(data[:whole])

    def _finish(self, why: str) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        if self.lights is not None:
            self.lights.close()
            self.lights = None
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd = -1
        self._queue.end(lambda: DeviceGone(f"{self.name}: {why}"))


def _are_records(data: bytes) -> bool:
    return all(
        0 <= seconds < SECONDS_MAX and 0 <= microseconds < 1_000_000 and kind <= keys.EV_MAX
        for seconds, microseconds, kind, _, _ in keys.EVENT.iter_unpack(data)
    )


def _dropped_before(records: bytes) -> bytes:
    seconds, microseconds = keys.EVENT.unpack_from(records)[:2]
    return keys.EVENT.pack(seconds, microseconds, keys.EV_SYN, keys.SYN_DROPPED, 0)
