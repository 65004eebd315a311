"""The real conversation at the counter of the benchmark's shop, with paper that is only looked at.

A sale is keyed and scanned as people do it; the clock that counts runs from the PIN's Enter to the sound that follows the
commit.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from drivers.keypad import Key
from drivers.scanner.scan import GtinScan, TextScan
from drivers.sound import Sound
from firmware.till.conversation import Conversation
from firmware.till.talk import Settings
from sync.wire import card
from sync.wire.kinds import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drivers.line_display import TwoLines
    from drivers.printer.slip import Slip
    from drivers.scanner.scan import Scan
    from firmware.journal.journal import Journal
    from sync.wire.facts import Line
    from tests.benchmarks.workload import Sale

IDLE_EVERY = 20
"""Purchases between two idle moments, in which the till folds its log."""


class LookedAt:
    """Paper that keeps the slips of one sale, and when the till said yes."""

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self.approved_at_s: float | None = None

    async def print(self, slip: Slip) -> None:
        self.slips.append(slip)

    def say(self, slip: Slip) -> None:
        self.slips.append(slip)

    def amounts(self, lines: TwoLines) -> None:
        """There is no display."""

    async def open_drawer(self) -> None:
        """There is none."""

    def shows_amounts(self) -> bool:
        return False

    def is_heard(self) -> bool:
        return False

    def flash(self) -> int | None:
        """There is no light."""

    def flashes_were_counted(self) -> None:
        """There is none."""

    async def beep(self, sound: Sound) -> None:
        if sound is Sound.APPROVED:
            self.approved_at_s = time.perf_counter()


class Counter:
    """One till, sale after sale."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self._journal = journal
        self._paper = LookedAt()
        settings = Settings(
            draft_path=folder / "draft", activation_mark=folder / "activation", version="bench"
        )
        self._conversation = Conversation(journal, self._paper, settings)

    async def open(self) -> None:
        """Before the first sale."""
        await self._conversation.start(self._now_ms)

    async def ring_up(self, sale: Sale) -> None:
        """Everything before the last key: card, goods, TOTAL and the PIN's digits."""
        self._paper.slips = []
        await self._take(TextScan(card.to_qr(sale.member.card)))
        for line in sale.lines:
            for event in entering(line):
                await self._take(event)
        for sign in f"+{sale.member.pin}":
            await self._take(Key(sign))

    async def last_key_s(self) -> float:
        """Seconds from the PIN's Enter to the committed purchase."""
        self._paper.approved_at_s = None
        start_s = time.perf_counter()
        await self._take(Key.ENTER)
        assert self._paper.approved_at_s is not None, "every sale of the workload is approved"
        return self._paper.approved_at_s - start_s

    async def rest(self, number: int) -> None:
        """Be idle after every so many sales."""
        if number % IDLE_EVERY == 0:
            await self._journal.checkpoint()

    def strip(self) -> Slip:
        """All that came out of the printer for the last sale."""
        return tuple(element for slip in self._paper.slips for element in slip)

    @property
    def _now_ms(self) -> int:
        return self._journal.clock.monotonic_ms()

    async def _take(self, event: Key | Scan) -> None:
        await self._conversation.take(event, self._now_ms)


def entering(line: Line) -> Iterator[Key | Scan]:
    """What is keyed and scanned for a line."""
    amount = f"{line.quantity / 1000:.3f}" if line.unit is Unit.GRAM else str(line.quantity)
    yield from map(Key, f"{amount}*")
    if line.gtin:
        yield GtinScan(f"{line.gtin:014}")
    else:
        yield from map(Key, f"{line.good}/")
