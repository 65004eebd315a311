"""Tidies up while nobody needs the till: folds the journal's log into its database, so that no purchase pays for it.

Not after each purchase, for the fold writes twice what a purchase does; many purchases move the same pages, which are
written once then. An entry in the log is no less safe than one in the database: both are synced, and read alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from firmware.errors import JournalFull

if TYPE_CHECKING:
    from asyncio import Lock
    from collections.abc import Awaitable, Callable

    from firmware.log import Log
    from firmware.watchdog import CheckIn
    from sync.wire.entry import Head


FOLD_AT_ENTRIES = 64
"""So many fill two thirds of the log as it lies on the disk (`firmware.journal.schema.LOG_BYTES`)."""


class Journal(Protocol):
    """As much of the journal as is looked at and tidied here."""

    @property
    def turn(self) -> Lock:
        """Held from a decision to its commit."""

    @property
    def head(self) -> Head:
        """Where the next entry goes."""

    async def checkpoint(self) -> None:
        """Empty the write-ahead log. Raises: JournalFull."""


class Upkeep:
    """Looks every `quiet_ms`, and acts when nothing was committed for one whole look: at first, then every so many entries."""

    def __init__(
        self,
        journal: Journal,
        *,
        quiet_ms: int,
        sleep_ms: Callable[[int], Awaitable[None]],
        log: Log,
        check_in: CheckIn,
    ) -> None:
        self._journal = journal
        self._quiet_ms = quiet_ms
        self._sleep_ms = sleep_ms
        self._log = log
        self._check_in = check_in

    async def run(self) -> None:
        """Look for ever."""
        tidied, seen = -FOLD_AT_ENTRIES, -1
        while True:
            await self._sleep_ms(self._quiet_ms)
            sequence = self._journal.head.sequence
            if seen == sequence >= tidied + FOLD_AT_ENTRIES:
                tidied = sequence
                with self._check_in.working():
                    await self._tidy()
            seen = sequence

    async def _tidy(self) -> None:
        try:
            async with self._journal.turn:
                await self._journal.checkpoint()
        except JournalFull as error:
            # Nothing is lost: the log stays as it is, and purchases say by themselves when they cannot be kept.
            self._log.error("disk full", error=str(error))
        else:
            self._log.debug("tidied", head=self._journal.head.sequence)
