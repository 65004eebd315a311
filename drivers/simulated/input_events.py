"""Scanners and keypads as the kernel tells of them: bursts of event records into a FIFO.

The FIFO stands for /dev/input/eventN; the till's real reader and decoders are at its other end. A key is six events:
MSC_SCAN, press, SYN_REPORT, MSC_SCAN, release, SYN_REPORT; so a scan of 13 digits and Enter is 84.

Rules: `scan` and `press` never wait; what nobody listens to is lost, as on a desk. Stamps come from the `now_us`
given, or from the monotonic clock as a grabbed device's do. A scanner's burst bears one stamp, and lies `HAND_US` behind the
last; a thumb's keys lie `THUMB_US` apart: although they are written at once, for no person is as quick as a story.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from typing import TYPE_CHECKING

from drivers import key_codes as keys
from drivers.errors import DriverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PIPE_BYTES = 1 << 20
"""Room for the longest scan while the till is busy elsewhere."""

_RING_EVENTS = 64

THUMB_US = 60_000
"""Between two keys of a quick person."""
HAND_US = 400_000
"""From one scan to the next of a quick person."""

_USAGES = dict(zip("abcdefghijklmnopqrstuvwxyz1234567890\n", range(0x70004, 0x70029), strict=True))
_MAIN: dict[str, tuple[int, bool]] = {
    character: (code, bool(shift))
    for code, pair in reversed(keys.MAIN.items())
    for shift, character in reversed(tuple(enumerate(pair)))
} | {"\n": (keys.KEY_ENTER, False), "\t": (keys.KEY_TAB, False), "\b": (keys.KEY_BACKSPACE, False)}
_MODIFIER_USAGES = {keys.KEY_LEFTCTRL: 0x700E0, keys.KEY_LEFTSHIFT: 0x700E1, keys.KEY_LEFTALT: 0x700E2}
_PAD = {character: code for code, character in keys.PAD.items()} | {
    "\n": keys.KEY_KPENTER,
    "\b": keys.KEY_BACKSPACE,
}

Stamp = tuple[int, int]


def _event(stamp: Stamp, kind: int, code: int, value: int) -> bytes:
    return keys.EVENT.pack(*stamp, kind, code, value)


def _edge(stamp: Stamp, code: int, value: int, usage: int) -> bytes:
    return (
        _event(stamp, keys.EV_MSC, keys.MSC_SCAN, usage)
        + _event(stamp, keys.EV_KEY, code, value)
        + _event(stamp, keys.EV_SYN, keys.SYN_REPORT, 0)
    )


def key_events(code: int, *, usage: int = 0x70000, stamp: Stamp = (0, 0)) -> bytes:
    """Return the six events of one key pressed and released."""
    return _edge(stamp, code, keys.PRESSED, usage) + _edge(stamp, code, keys.RELEASED, usage)


def held_events(modifier: int, events: bytes, *, stamp: Stamp = (0, 0)) -> bytes:
    """Return `events` with the key `modifier` held down around them."""
    usage = _MODIFIER_USAGES.get(modifier, 0x70000)
    down, up = (_edge(stamp, modifier, value, usage) for value in (keys.PRESSED, keys.RELEASED))
    return down + events + up


def scan_events(text: str, *, end: str = "\n", stamp: Stamp = (0, 0)) -> bytes:
    """Return what a scanner with the US layout sends for `text` (printable ASCII and GS), Shift around each that needs it."""
    return b"".join(_typed(character, stamp) for character in text + end)


def alt_events(character: str, *, digits: int = 4, stamp: Stamp = (0, 0)) -> bytes:
    """Return `character` as a scanner sends it that wants no layout: Alt held, its number on the pad, as ``0029``."""
    typed = f"{ord(character):0{digits}d}"
    return held_events(
        keys.KEY_LEFTALT, b"".join(key_events(_PAD[digit], stamp=stamp) for digit in typed), stamp=stamp
    )


def _typed(character: str, stamp: Stamp) -> bytes:
    if character == "\x1d":
        bracket = key_events(_MAIN["]"][0], stamp=stamp)
        return held_events(keys.KEY_LEFTCTRL, bracket, stamp=stamp)
    code, shift = _MAIN[character]
    key = key_events(code, usage=_USAGES.get(character.lower(), 0x70000), stamp=stamp)
    return held_events(keys.KEY_LEFTSHIFT, key, stamp=stamp) if shift else key


def pad_events(keys_text: str, *, num_lock: bool = False, stamp: Stamp = (0, 0)) -> bytes:
    """Return what a numeric pad sends for `0-9 + - * / . ,`, line feed (Enter) and backspace.

    With `num_lock` each key is wrapped in Num Lock, as many pads do. The first key has the `stamp`, each next one comes
    `THUMB_US` later.
    """
    stamps = (_later(stamp, place * THUMB_US) for place in range(len(keys_text)))
    return b"".join(_pad_key(key, at, num_lock=num_lock) for key, at in zip(keys_text, stamps, strict=True))


def _pad_key(key: str, stamp: Stamp, *, num_lock: bool) -> bytes:
    wrapper = key_events(keys.KEY_NUMLOCK, usage=0x70053, stamp=stamp) if num_lock else b""
    return wrapper + key_events(_PAD[key], stamp=stamp) + wrapper


def _later(stamp: Stamp, microseconds: int) -> Stamp:
    seconds, rest = divmod(stamp[1] + microseconds, 1_000_000)
    return stamp[0] + seconds, rest


def overflown(events: bytes) -> bytes:
    """Return what is left of a burst that met a full kernel ring: SYN_DROPPED and the events after the ring's end."""
    lost = _RING_EVENTS * keys.EVENT.size
    assert len(events) > lost, "the ring holds it"
    stamp: Stamp = keys.EVENT.unpack_from(events, lost)[:2]
    return _event(stamp, keys.EV_SYN, keys.SYN_DROPPED, 0) + events[lost:]


def pull_out(path: Path) -> None:
    """Pull out the device at `path`, whatever it is doing: its reader finds rubbish, which is as good as nobody there."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"\xff" * keys.EVENT.size)
        finally:
            os.close(descriptor)
    path.unlink()


def monotonic_us() -> int:
    """Microseconds of the clock that a grabbed device's events are stamped with."""
    return time.monotonic_ns() // 1_000


class _InputFifo:
    """The kernel's side of one device. Holds nothing open between two bursts: the till may start and stop meanwhile."""

    def __init__(self, path: Path, now_us: Callable[[], int]) -> None:
        self._path = path
        self._now_us = now_us
        self._free_us = 0

    def plug_in(self) -> None:
        """Make the FIFO, for the owner only. One that exists is taken over."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)

    def stamp(self, *, takes_us: int) -> Stamp:
        """Now, or when the hand is free again, which will be `takes_us` later."""
        begin_us = max(self._now_us(), self._free_us)
        self._free_us = begin_us + takes_us
        seconds, microseconds = divmod(begin_us, 1_000_000)
        return seconds, microseconds

    def send(self, events: bytes) -> bool:
        """Write a burst whole; return whether anybody has the device open.

        Raises: DriverError if the burst is more than a mebibyte, or the reader has left so much unread.
        """
        if len(events) > _PIPE_BYTES:
            raise DriverError(f"{self._path}: nobody types {len(events)} bytes of keys at once")
        with self._opened() as fd:
            if fd is None:
                return False
            with contextlib.suppress(OSError):
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            try:
                written = os.write(fd, events)
            except BlockingIOError:
                written = 0
            if written < len(events):
                raise DriverError(f"{self._path}: nobody reads, {len(events) - written} bytes of keys lost")
            return True

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int | None]:
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.ENOENT):
                raise DriverError(f"{self._path}: {error.strerror}") from error
            yield None
            return
        try:
            yield fd
        finally:
            os.close(fd)


class SimulatedScanner:
    """A scanner lying on the desk. Each method returns whether the till has it open."""

    def __init__(self, path: Path, *, now_us: Callable[[], int] = monotonic_us) -> None:
        self._fifo = _InputFifo(path, now_us)

    def plug_in(self) -> None:
        """Make the FIFO; call it before the till starts."""
        self._fifo.plug_in()

    def scan(self, text: str) -> bool:
        """Scan a code that says `text` (printable ASCII, and GS as Ctrl+])."""
        return self._fifo.send(scan_events(text, stamp=self._fifo.stamp(takes_us=HAND_US)))

    def scan_half(self, text: str) -> bool:
        """Type `text` and never end it, as with a cable that came loose."""
        return self._fifo.send(scan_events(text, end="", stamp=self._fifo.stamp(takes_us=HAND_US)))

    def scan_too_fast(self, text: str) -> bool:
        """Scan while the till was so busy that the kernel's ring ran over. `text` is 11 digits or more."""
        return self._fifo.send(overflown(scan_events(text, stamp=self._fifo.stamp(takes_us=HAND_US))))


class SimulatedKeypad:
    """A numeric pad with a thumb above it. Each method returns whether the till has it open."""

    def __init__(
        self, path: Path, *, num_lock: bool = True, now_us: Callable[[], int] = monotonic_us
    ) -> None:
        """Make a pad that wraps its keys in Num Lock, unless told otherwise."""
        self._fifo = _InputFifo(path, now_us)
        self._num_lock = num_lock

    def plug_in(self) -> None:
        """Make the FIFO; call it before the till starts."""
        self._fifo.plug_in()

    def press(self, keys_text: str) -> bool:
        """Press `0-9 + - * / . ,`, line feed for Enter, backspace."""
        return self._fifo.send(
            pad_events(
                keys_text, num_lock=self._num_lock, stamp=self._fifo.stamp(takes_us=len(keys_text) * THUMB_US)
            )
        )

    def press_zeros(self, count: int) -> bool:
        """Press the 00 or 000 key of a pad that has a usage of its own for it."""
        usage = {2: keys.USAGE_KP_00, 3: keys.USAGE_KP_000}[count]
        return self._fifo.send(
            key_events(keys.KEY_UNKNOWN, usage=usage, stamp=self._fifo.stamp(takes_us=THUMB_US))
        )

    def hold(self, key: str, *, repeats: int) -> bool:
        """Lean on `key`: one press, then the kernel's repeats, and no release."""
        stamp = self._fifo.stamp(takes_us=THUMB_US)
        repeated = _event(stamp, keys.EV_KEY, _PAD[key], keys.REPEATED)
        end = _event(stamp, keys.EV_SYN, keys.SYN_REPORT, 0)
        return self._fifo.send(_edge(stamp, _PAD[key], keys.PRESSED, 0x70000) + (repeated + end) * repeats)
