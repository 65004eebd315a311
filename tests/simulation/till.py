"""One till of the world: a real journal in real files, a clock that may be wrong, and a plug that can be pulled."""

from __future__ import annotations

import shutil
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from firmware.errors import ClockRefused
from firmware.journal.journal import Journal, open_journal
from sync.wire.facts import Booted, ClockSet
from sync.wire.kinds import ClockSource, Grade
from tests.fakes.hand_clock import HandClock, iran_day_start_s
from tests.fakes.village_till import projections

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.identity import Identity
    from tests.simulation.book import Book

MAIL_MOST = 3


class Till:
    def __init__(self, identity: Identity, folder: Path, now_s: int) -> None:
        self.identity = identity
        self.clock = HandClock(now_s)
        self.is_honest = True
        """Nobody has falsified the chip or keyed a wrong day."""
        self.purchases: list[int] = []
        self._folder = folder
        self._lives = 0
        self._stack = AsyncExitStack()

    @property
    def path(self) -> Path:
        return self._folder / f"life{self._lives}" / "journal.db"

    async def start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        opening = open_journal(self.path, self.identity, self.clock, version="world")
        self.journal: Journal = await self._stack.enter_async_context(opening)
        await self.journal.commit(self.journal.draft(Booted(version="world", clean=self.journal.was_clean)))

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        self.clock.power_cycle()
        await self.start()
        assert self.journal.was_clean

    async def pull_the_plug(self) -> None:
        """The files as they are now are all that is left."""
        head, before, old = self.journal.head, self.path.parent, self._stack
        self._lives += 1
        shutil.copytree(before, self.path.parent)
        self.clock.power_cycle()
        self._stack = AsyncExitStack()
        await self.start()
        assert not self.journal.was_clean
        assert self.journal.head.sequence == head.sequence + 1, "what was confirmed is there"
        entry = await self.journal.entry(head.sequence)
        assert entry is not None
        assert entry.prev == head.prev
        await old.aclose()
        shutil.rmtree(before)

    async def exchange(self, book: Book, now_s: int, *, most: int) -> None:
        """Time, entries up, acknowledgement and some mail down, as the appliance's own task does it."""
        journal, standing = self.journal, book.tills[self.identity.device]
        await self._take_time(now_s)
        book.read(self.identity.device, await journal.unsent_entries(standing.head.sequence, most))
        standing.statement += 1
        await journal.acknowledge(standing.head.sequence, now_s=now_s, epoch=1, statement=standing.statement)
        if standing.outbox:
            await journal.apply_mail(tuple(standing.outbox[:MAIL_MOST]))
            del standing.outbox[:MAIL_MOST]

    async def _take_time(self, now_s: int) -> None:
        keeper, before = self.journal.keeper, self.journal.keeper.now()
        shift_s = keeper.accept_signed(now_s, round_trip_ms=40)
        self.is_honest = True
        if before.grade is not Grade.TRUSTED or shift_s != keeper.chip_shift_s:
            await self.journal.commit(
                self.journal.draft(ClockSet(source=ClockSource.CENTER, shift_s=shift_s))
            )
            keeper.chip_shift_s = shift_s

    async def key_day(self, day_s: int, now_s: int) -> None:
        """The shopkeeper keys a day; perhaps a wrong one."""
        try:
            self.journal.keeper.state_day(iran_day_start_s(day_s))
        except ClockRefused:
            return
        self.is_honest = iran_day_start_s(day_s) == iran_day_start_s(now_s)
        await self.journal.commit(self.journal.draft(ClockSet(source=ClockSource.KEYED)))

    def projections(self) -> dict[str, list[tuple[object, ...]]]:
        return projections(self.path)
