"""The keypad's own light as the till's last voice: what a till without sound, display or screen says when nothing prints.

Every USB pad with Num Lock has a light, and every shop has a pad. It flashes with each sound, so that its language is known
before it is needed.

| sound | the light |
| --- | --- |
| accepted | one flash |
| look | three flashes |
| refused | flickers for more than a second |
| approved | stays lit until something else is said, or half a minute |
| locked | five long flashes |

Rules:
- Nobody knows whether a pad that promises a light has one, or who looks at it. So it is no voice until a person has counted
  how often it flashed, and keyed that; after a replug, or a start of the till, once more.
- It has a task of its own and is in nobody's way; a light that cannot be switched is nothing to say anything about.
- What was approved is not covered by what comes with it, such as that the receipt is missing: the light is lit again.

Must not know: why anything is said, keys.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from drivers.newest_queue import NewestQueue
from drivers.sound import Sound

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING_MAX = 4
LIT_MS = 30_000
COUNTED_MIN, COUNTED_MAX = 2, 6
BEFORE_MS = 150
"""Dark before each pattern, so that one flash and three are not four."""


class Pattern(Struct, frozen=True):
    """So many flashes; `stays_lit` afterwards, None: as before."""

    flashes: int
    on_ms: int
    off_ms: int
    stays_lit: bool | None = False


PATTERNS: Final = {
    Sound.ACCEPTED: Pattern(1, 150, 0),
    Sound.LOOK: Pattern(3, 150, 150, stays_lit=None),
    Sound.REFUSED: Pattern(10, 70, 70),
    Sound.APPROVED: Pattern(0, 0, 0, stays_lit=True),
    Sound.LOCKED: Pattern(5, 600, 200),
}
COUNTED_ON_MS, COUNTED_OFF_MS = 500, 400
"""Slow enough to be counted by anybody."""


class KeyLights(Protocol):
    """The lights of one keypad: `drivers.input_device.Lights`."""

    def switch(self, *, on: bool) -> bool:
        """Switch them; False if they do not take it."""


class Light:
    """One task runs it; any task may say something. `find` says which lights there are now, `chance` is from 0 up to 1."""

    def __init__(self, find: Callable[[], tuple[KeyLights, ...]], *, chance: Callable[[], float]) -> None:
        self._find = find
        self._chance = chance
        self._queue: NewestQueue[Pattern] = NewestQueue(items_max=WAITING_MAX)
        self._shown_at: tuple[KeyLights, ...] = ()
        self._counted_at: tuple[KeyLights, ...] = ()
        self._stays_lit = False

    @property
    def is_seen(self) -> bool:
        """Whether a person has counted the flashes of the lights that there are now."""
        return bool(self._counted_at) and self._counted_at == self._find()

    def show(self, sound: Sound) -> None:
        """Say it by light soon. Never waits."""
        self._queue.put_newest(PATTERNS[sound])

    def flash(self) -> int | None:
        """Flash slowly, for somebody to count; how often it will. None where there is no light."""
        self._shown_at = self._find()
        if not self._shown_at:
            return None
        times = COUNTED_MIN + int(self._chance() * (COUNTED_MAX - COUNTED_MIN + 1))
        self._queue.put_newest(Pattern(times, COUNTED_ON_MS, COUNTED_OFF_MS))
        return times

    def was_counted(self) -> None:
        """Somebody has keyed how often it flashed."""
        self._counted_at = self._shown_at

    async def run(self) -> None:
        """Flash for ever."""
        while True:
            pattern = await self._queue.get(timeout_ms=LIT_MS if self._stays_lit else None)
            if pattern is None:
                self._stays_lit = False
                self._switch(on=False)
            else:
                await self._show(pattern)

    async def _show(self, pattern: Pattern) -> None:
        self._switch(on=False)
        await asyncio.sleep(BEFORE_MS / 1_000)
        for _ in range(pattern.flashes):
            self._switch(on=True)
            await asyncio.sleep(pattern.on_ms / 1_000)
            self._switch(on=False)
            await asyncio.sleep(pattern.off_ms / 1_000)
        if pattern.stays_lit is not None:
            self._stays_lit = pattern.stays_lit
        if self._stays_lit:
            self._switch(on=True)

    def _switch(self, *, on: bool) -> None:
        for lights in self._find():
            lights.switch(on=on)
