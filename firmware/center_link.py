"""The task that talks to the center: every interval, and at once when asked, until all is acknowledged.

Rules: no purchase waits for it. The network is used without the journal's turn, which is held only while what came back is
stored. Mail takes effect before the next question, so the center learns of it at once; what follows from an answer may be
lost with the process, for the next exchange brings it again. Outages are entries, so that the center knows why
entries came late.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.clock import SIGNED_WITHIN_MS
from firmware.errors import JournalFull
from sync.uplink.errors import AnswerRefused, BadAddress, Refused, TailLost, UplinkError
from sync.wire.errors import WireError
from sync.wire.facts import ClockSet, OutageClosed, OutageOpened
from sync.wire.kinds import ClockSource, Grade

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from firmware.journal.journal import Journal
    from firmware.log import Log
    from firmware.watchdog import CheckIn
    from sync.uplink.correspondence import Correspondence, Told
    from sync.uplink.link import Link
    from sync.wire.mail import Mail

ROUNDS_MAX = 200
"""Exchanges in a row; what is left then waits for the next interval."""
CLOCK_SHIFT_S = 2
"""Signed time that differs less from what the journal knows is not worth an entry."""


class AskNow:
    """Any task may ask for an exchange at once; asking twice before it begins is asking once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ask(self) -> None:
        """Wake the task."""
        self._event.set()

    async def wait(self, *, at_most_ms: int) -> None:
        """Return when asked, or after `at_most_ms`."""
        try:
            async with asyncio.timeout(at_most_ms / 1000):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()


class News(Struct, frozen=True):
    """What the till may want to print: a link that changed, how many entries a restored center has forgotten, or that mail
    took effect: `complete` once no more of it is on its way, so that paper tells it at once.
    """

    link_is_up: bool | None = None
    forgotten: int | None = None
    complete: bool = False


class CenterLink:
    """Owns the correspondence and the link; `tell` hands news to the till and must not wait for paper."""

    def __init__(  # noqa: PLR0913 -- the parts list names each
        self,
        journal: Journal,
        correspondence: Correspondence,
        link: Link,
        asked: AskNow,
        *,
        tell: Callable[[News], Awaitable[None]],
        log: Log,
        check_in: CheckIn,
        monotonic_ms: Callable[[], int],
        chance: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._correspondence = correspondence
        self._link = link
        self._asked = asked
        self._tell = tell
        self._log = log
        self._check_in = check_in
        self._monotonic_ms = monotonic_ms
        self._chance = chance
        self._mail_came = False
        self._lost: int | None = None
        """What the center held when the log was told that this journal lost its tail: said once, for nothing changes it."""

    async def run(self) -> None:
        """Exchange for ever."""
        while True:
            with self._check_in.working():
                await self.visit()
            wait_ms = self._link.wait_ms(self._chance())
            self._log.debug("waits", ms=wait_ms, failures=self._link.failures, refusals=self._link.refusals)
            await self._asked.wait(at_most_ms=wait_ms)

    async def visit(self) -> None:
        """Exchange until nothing is left, or until the center does not answer."""
        was_down = self._link.is_down
        try:
            await self._talk()
            if self._link.is_down is not was_down:
                await self._link_changed()
        except JournalFull as error:
            # The center keeps what it said; the till's conversation tells people that nothing more can be sold.
            self._log.error("disk full", error=str(error))

    async def _talk(self) -> None:
        try:
            for _ in range(ROUNDS_MAX):
                if not await self._exchange():
                    break
        except TailLost as error:
            # The center answers; what is wrong lies here.
            self._link.refused(self._monotonic_ms())
            if self._lost != error.held:
                self._lost = error.held
                self._log_failure(error)
            await self._journal.lose_tail(error.held)
        except UplinkError as error:
            self._link.failed()
            self._log_failure(error)
        else:
            self._link.succeeded(self._monotonic_ms())
            if self._mail_came:
                self._mail_came = False
                await self._tell(News(complete=True))

    async def _exchange(self) -> bool:
        """One exchange and what follows from it; whether there is more. Raises: UplinkError."""
        told = await self._correspondence.exchange()
        standing, mail = told.answer.standing, told.answer.mail
        async with self._journal.turn:
            await self._take_time(told)
            await self._journal.acknowledge(
                standing.held, now_s=told.answer.now_s, epoch=standing.epoch, statement=standing.statement
            )
            if mail:
                await self._apply(mail)
        if told.forgotten is not None:
            await self._alarm(told.forgotten, epoch=standing.epoch)
        self._log.info(
            "exchanged",
            held=standing.held,
            mail=len(mail),
            head=self._journal.head.sequence,
            round_trip_ms=told.round_trip_ms,
        )
        if mail:
            self._mail_came = True
        # Mail was journaled: the center learns of it at once. Mail begets no mail, so this ends.
        return told.more or bool(mail)

    async def _alarm(self, forgotten: int, *, epoch: int) -> None:
        """The center promised to hold what it does not hold: it was restored from a backup. All goes up again."""
        self._log.error("center restored", forgotten=forgotten, epoch=epoch)
        await self._tell(News(forgotten=forgotten))

    async def _apply(self, mail: tuple[Mail, ...]) -> None:
        try:
            await self._journal.apply_mail(mail)
        except WireError as error:
            raise AnswerRefused(f"mail {mail[0].number} to {mail[-1].number}: {error}") from error

    async def _take_time(self, told: Told) -> None:
        if told.round_trip_ms > SIGNED_WITHIN_MS:
            return
        keeper = self._journal.keeper
        before = keeper.now()
        known_shift_s = keeper.chip_shift_s
        shift_s = keeper.accept_signed(told.answer.now_s, round_trip_ms=told.round_trip_ms)
        chip_moved = shift_s is not None and (
            known_shift_s is None or abs(shift_s - known_shift_s) > CLOCK_SHIFT_S
        )
        if before.grade is not Grade.TRUSTED or chip_moved:
            await self._journal.commit(
                self._journal.draft(ClockSet(source=ClockSource.CENTER, shift_s=shift_s))
            )
            keeper.chip_shift_s = shift_s

    async def _link_changed(self) -> None:
        is_up = not self._link.is_down
        async with self._journal.turn:
            await self._journal.commit(self._journal.draft(OutageClosed() if is_up else OutageOpened()))
        self._log.info("link", up=is_up)
        await self._tell(News(link_is_up=is_up))

    def _log_failure(self, error: UplinkError) -> None:
        """A refusal or a false answer needs a person; an absent center does not."""
        tell = self._log.error if isinstance(error, AnswerRefused | BadAddress | Refused) else self._log.info
        tell("exchange failed", kind=type(error).__name__, error=str(error))
