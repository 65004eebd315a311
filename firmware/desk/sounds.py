"""Sounds for the people at the counter: by the first player that manages, never in anybody's way.

Rules: a sound has a task of its own, which plays the newest and drops what is too old to help; players are tried in the
order of the configuration, and the printer's buzzer is always among them; one that fails is told once in the log until it
works again, and for a minute is tried after the others, for it may take seconds to fail. Whoever prints next waits until
the printer has the sound that comes before it, but not for a player that hangs.

Must not know: why it sounds.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from drivers.errors import DriverError, SoundFailed
from drivers.newest_queue import NewestQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.beeper import Player
    from drivers.sound import Sound
    from firmware.log import Log

SOUNDS_MAX = 2
STALE_MS = 1_500
"""A sound that comes later than this tells of something else."""
HANDED_OVER_WITHIN_MS = 100
LAST_FOR_MS = 60_000
PRINTER: Final = "printer"
CARD: Final = "aplay"


class Printer(Protocol):
    """The printer with its buzzer: `firmware.desk.paper.Paper`."""

    async def beep(self, sound: Sound) -> None:
        """Sound it. Raises: WriteInterrupted."""


class PrinterBuzzer:
    """The printer's buzzer as a player of sounds."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    async def play(self, sound: Sound) -> None:
        """Return when the printer has been told. Raises: WriteInterrupted, SoundFailed if it takes nothing for too long."""
        try:
            async with asyncio.timeout(STALE_MS / 1_000):
                await self._printer.beep(sound)
        except TimeoutError:
            raise SoundFailed("the printer takes no sound") from None


def players_of(names: tuple[str, ...], printer: Printer) -> tuple[Player, ...]:
    """The players that a configuration names, and at the end the printer's buzzer.

    A name is ``printer``, ``aplay`` or ``aplay:CARD`` (ALSA's name of a card), or the path of a kernel sound device.
    """
    named = names if PRINTER in names else (*names, PRINTER)
    return tuple(_player(name, printer) for name in named)


def _player(name: str, printer: Printer) -> Player:
    if name == PRINTER:
        return PrinterBuzzer(printer)
    from drivers.beeper import SoundCard, ToneDevice  # noqa: PLC0415 -- most tills have the printer's buzzer only

    kind, _, card = name.partition(":")
    return SoundCard(card or None) if kind == CARD else ToneDevice(Path(name))


class Sounds:
    """Owns the players. One task runs it; any task may sound."""

    def __init__(self, players: tuple[Player, ...], *, log: Log, monotonic_ms: Callable[[], int]) -> None:
        self._players = players
        self._log = log
        self._monotonic_ms = monotonic_ms
        self._queue: NewestQueue[tuple[Sound, int]] = NewestQueue(items_max=SOUNDS_MAX)
        self._handed_over = asyncio.Event()
        self._handed_over.set()
        self._failed_at_ms: dict[Player, int] = {}

    @property
    def have_own_voice(self) -> bool:
        """Whether something sounds that is not the printer's, and did not fail when it was last tried."""
        return any(
            not isinstance(player, PrinterBuzzer) and player not in self._failed_at_ms
            for player in self._players
        )

    def sound(self, sound: Sound) -> None:
        """Sound soon. Never waits."""
        self._handed_over.clear()
        self._queue.put_newest((sound, self._monotonic_ms()))

    async def handed_over(self) -> None:
        """Wait until the last sound is with its player, or has hung for long enough."""
        try:
            async with asyncio.timeout(HANDED_OVER_WITHIN_MS / 1_000):
                await self._handed_over.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Play for ever."""
        while True:
            waiting = await self._queue.get()
            assert waiting is not None, "there is no timeout"
            sound, since_ms = waiting
            if self._monotonic_ms() - since_ms <= STALE_MS:
                await self._play(sound)
            self._handed_over.set()

    async def _play(self, sound: Sound) -> None:
        for player in self._in_order():
            if not isinstance(player, PrinterBuzzer):
                self._handed_over.set()  # nothing on its way to the printer
            try:
                await player.play(sound)
            except DriverError as error:
                self._tell_failure(player, error)
                continue
            self._failed_at_ms.pop(player, None)
            if not isinstance(player, PrinterBuzzer):  # which tells by itself
                self._log.debug("beeped", sound=sound.name)
            return

    def _in_order(self) -> tuple[Player, ...]:
        """As configured; those that failed of late come last."""
        since_ms = self._monotonic_ms() - LAST_FOR_MS
        return tuple(
            sorted(self._players, key=lambda player: self._failed_at_ms.get(player, since_ms) > since_ms)
        )

    def _tell_failure(self, player: Player, error: DriverError) -> None:
        if player not in self._failed_at_ms:
            self._log.warning("no sound", error=str(error))
        self._failed_at_ms[player] = self._monotonic_ms()
