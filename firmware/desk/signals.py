"""All that the conversation says, on its way to paper, sounds, the keypad's light, the display on the pole and the screen.

Rules:
- Only a slip that matters is waited for: a sound, an amount, a hint (a gentle refusal) never holds up the till.
- A hint prints when nobody has done anything for a moment, so that drawing it never stands between the last key and its
  commit; of many the newest print. A slip that follows lets it go first, and the sound before that slip.
- A screen shows what is printed, whether or not paper takes it.

Must not know: what is said, why, or to whom.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol, TypeVar

from drivers.errors import WriteInterrupted
from drivers.newest_queue import NewestQueue

if TYPE_CHECKING:
    from drivers.line_display import TwoLines
    from drivers.printer.slip import Slip
    from drivers.sound import Sound
    from firmware.desk.light import Light
    from firmware.desk.sounds import Sounds
    from firmware.log import Log

HINTS_MAX = 2
QUIET_MS = 50

_Seen_contra = TypeVar("_Seen_contra", contravariant=True)


class Printer(Protocol):
    """The printer: `firmware.desk.paper.Paper`. Raises: WriteInterrupted, saying whether any byte had left."""

    async def print(self, slip: Slip) -> None:
        """Print; return when all bytes have left."""

    async def tear(self) -> None:
        """Cut what hangs out, if anything does."""

    async def open_drawer(self) -> None:
        """Open the cash drawer, if there is one. Raises: WriteInterrupted."""


class Sign(Protocol[_Seen_contra]):
    """The display on the pole, or the screen: `firmware.desk.signs`."""

    @property
    def is_seen(self) -> bool:
        """Whether people see it now."""

    def show(self, seen: _Seen_contra, /) -> None:
        """Show it soon. Never waits."""

    def end(self) -> None:
        """The purchase is over."""


class Hints:
    """Slips that nobody waits for. One task prints them; the conversation's own task says them."""

    def __init__(self, printer: Printer, *, log: Log) -> None:
        self._printer = printer
        self._log = log
        self._queue: NewestQueue[Slip] = NewestQueue(items_max=HINTS_MAX)
        self._said = asyncio.Event()
        self._said.set()
        self._hurry = asyncio.Event()

    def say(self, slip: Slip) -> None:
        """Print `slip` when there is time. Never waits."""
        self._log.debug("says")
        self._said.clear()
        self._queue.put_newest(slip)

    async def all_said(self) -> None:
        """Have what waits printed now, or given up."""
        self._hurry.set()
        try:
            await self._said.wait()
        finally:
            self._hurry.clear()

    async def run(self) -> None:
        """Print for ever."""
        while True:
            slip = await self._queue.get(timeout_ms=None if self._said.is_set() else 0)
            if slip is None:
                self._said.set()
                self._log.debug("said")
                continue
            await self._quiet_moment()
            try:
                await self._printer.print(slip)
            except WriteInterrupted as error:
                self._log.debug("hint lost", error=str(error))

    async def _quiet_moment(self) -> None:
        try:
            async with asyncio.timeout(QUIET_MS / 1_000):
                await self._hurry.wait()
        except TimeoutError:
            return


class Signals:
    """What the conversation takes for its paper. One task, the conversation's, calls it."""

    def __init__(
        self,
        printer: Printer,
        hints: Hints,
        sounds: Sounds,
        *,
        pole: Sign[TwoLines] | None = None,
        screen: Sign[Slip] | None = None,
        light: Light | None = None,
    ) -> None:
        self._printer = printer
        self._hints = hints
        self._sounds = sounds
        self._pole = pole
        self._screen = screen
        self._light = light
        self._strip_is_over = True

    async def print(self, slip: Slip) -> None:
        """Print what must come out; return when all bytes have left. Raises: WriteInterrupted."""
        self._see(slip)
        await self._hints.all_said()
        await self._sounds.handed_over()
        await self._printer.print(slip)

    def say(self, slip: Slip) -> None:
        """A hint. Never waits."""
        self._see(slip)
        self._hints.say(slip)

    async def beep(self, sound: Sound) -> None:
        """Sound something. Does not wait for it."""
        self._sounds.sound(sound)
        if self._light is not None:
            self._light.show(sound)

    def amounts(self, lines: TwoLines) -> None:
        """Let the buyer read. Never waits."""
        self._strip_is_over = False
        if self._pole is not None:
            self._pole.show(lines)

    async def open_drawer(self) -> None:
        """Open the cash drawer, if the printer has one; it has a key for when the printer is away."""
        with contextlib.suppress(WriteInterrupted):
            await self._printer.open_drawer()

    def shows_amounts(self) -> bool:
        """Whether people read amounts while nothing prints, as far as the devices have told."""
        return any(sign is not None and sign.is_seen for sign in (self._pole, self._screen))

    def is_heard(self) -> bool:
        """Whether people hear the till while nothing prints, or have seen the keypad's light."""
        return self._sounds.have_own_voice or (self._light is not None and self._light.is_seen)

    def flash(self) -> int | None:
        """Flash the keypad's light for somebody to count; how often. None where there is none."""
        return None if self._light is None else self._light.flash()

    def flashes_were_counted(self) -> None:
        """Somebody keyed how often it flashed."""
        if self._light is not None:
            self._light.was_counted()

    async def tear(self) -> None:
        """The conversation is over: cut what hangs out. Raises: WriteInterrupted."""
        if not self._strip_is_over:
            self._strip_is_over = True
            for sign in (self._pole, self._screen):
                if sign is not None:
                    sign.end()
        await self._hints.all_said()
        await self._printer.tear()

    def _see(self, slip: Slip) -> None:
        self._strip_is_over = False
        if self._screen is not None:
            self._screen.show(slip)
