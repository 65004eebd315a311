"""A buzzer at the far side of a FIFO that stands for a kernel sound device: hears which tones are asked for, and how long.

Rules: it understands only what a kernel sound device does, whole event records of EV_SND; anything else is an assertion.
Source: Linux `input.h`, `input-event-codes.h`.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Self

from drivers import key_codes as keys
from drivers.beeper import EV_SND, SND_TONE, Note

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

READ_BYTES_MAX = 64 * keys.EVENT.size


class FifoBuzzer:
    """Owns the FIFO at `path` while in `async with`; `monotonic_ms` stamps what is heard."""

    def __init__(self, path: Path, *, monotonic_ms: Callable[[], int]) -> None:
        self.path = path
        self.hz = 0
        self._monotonic_ms = monotonic_ms
        self._since_ms = 0
        self._heard: list[Note] = []
        self._fd = -1

    async def __aenter__(self) -> Self:
        os.mkfifo(self.path)
        self._fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        asyncio.get_running_loop().add_reader(self._fd, self._readable)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self.path.unlink(missing_ok=True)

    def take_heard(self) -> list[Note]:
        """Which tones ended since the last time, with their measured length; silence is not counted."""
        if self._fd >= 0:
            self._readable()
        heard, self._heard = self._heard, []
        return heard

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES_MAX)
        except BlockingIOError:
            return
        for _, _, kind, code, value in keys.EVENT.iter_unpack(data):
            assert (kind, code) == (EV_SND, SND_TONE), "a buzzer takes only tones"
            self._change(value)

    def _change(self, hz: int) -> None:
        now_ms = self._monotonic_ms()
        if self.hz:
            self._heard.append(Note(self.hz, now_ms - self._since_ms))
        self.hz, self._since_ms = hz, now_ms
