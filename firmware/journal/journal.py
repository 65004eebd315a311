"""The journal as the appliance's tasks see it: one connection, one writer, one transaction and one sync a commit.

The connection lives on aiosqlite's worker thread. A transaction is one function sent there; it runs whatever becomes of
who asked, for a canceled task must not undo what the disk already does. `turn` is held from a decision to its commit, so
that no mail moves credit in between. Nothing may be shown or sounded before `commit` has returned.

What runs on the worker stands in the modules beside this one: `loading`, `writing`, `questions`, `purchases`, `storage`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import aiosqlite

from firmware.errors import JournalFull
from firmware.journal import loading, memory, questions, storage, tellings, writing
from firmware.journal.memory import Memory
from firmware.journal.purchases import purchase_record
from sync.wire.entry import Draft, Entry, EntryBytes, PackedLines, PrivatePart
from sync.wire.facts import Enrolled, Fact, MailApplied

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from firmware.clock import Clock
    from firmware.entitlements import Account
    from firmware.identity import Identity
    from firmware.journal.records import (
        CardRecord,
        Codes,
        DayTotals,
        News,
        PurchaseRecord,
        Telling,
        Untold,
    )
    from firmware.reversals import OpenLeft
    from sync.wire.catalog import Product
    from sync.wire.kinds import Unit
    from sync.wire.mail import Lock, Mail

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Journal(Memory):
    """See the module. Made by `open_journal`; owned by the process's one event loop."""

    def __init__(self, connection: aiosqlite.Connection, identity: Identity, clock: Clock) -> None:
        super().__init__(identity, clock)
        self._connection = connection
        self.turn = asyncio.Lock()

    async def load(self, *, version: str) -> None:
        """Prove the tail and read the projections into memory; the first start writes the first entry.

        Raises: JournalCorrupt, naming the entry.
        """
        await self._run(loading.load, self)
        if self.head.sequence == 0:
            first = Enrolled(credential_hash=self.identity.credential_hash, version=version)
            await self.commit(self.draft(first))

    def draft(
        self,
        fact: Fact,
        *,
        lines: PackedLines | None = None,
        private: PrivatePart | None = None,
        proof_key: bytes | None = None,
    ) -> Draft:
        """`fact` at the present time and boot. `proof_key` is the household's K, for a purchase by PIN."""
        return Draft(fact, self.keeper.now(), self.boot, lines, private, proof_key)

    async def commit(self, draft: Draft) -> Entry:
        """Sign and store an entry and move the projections: one transaction, one fdatasync.

        Raises:
            StaleDecision: the credit is not there as the legs say, or another purchase came first; nothing was
                written.
            JournalFull: the disk takes no more; nothing was written.
        """
        (entry,) = await self._run(writing.commit, self, (draft,), ())
        return entry

    async def apply_mail(self, mails: tuple[Mail, ...]) -> Entry:
        """Store mail, let it take effect and journal that, in one transaction; recalled allowances are given back.

        Raises: Malformed, NotAuthentic for a document inside; then nothing was written.
        """
        assert mails[0].number == self.mail_head.number + 1, "mail continues what is held"
        applied = MailApplied(first=mails[0].number, last=mails[-1].number, head=mails[-1].hash)
        entries = await self._run(writing.commit, self, (self.draft(applied),), mails)
        return entries[0]

    async def acknowledge(
        self, held: int, *, now_s: int, epoch: int, statement: int, is_carried: bool = False
    ) -> None:
        """The center holds all entries before sequence `held`, as of its signed time, which may have come by stick."""
        await self._run(
            writing.acknowledge, self,
            held=held, now_s=now_s, epoch=epoch, statement=statement, is_carried=is_carried,
        )  # fmt: skip

    async def lose_tail(self, held: int) -> None:
        """Durably: the center holds entries before `held` which are not here, so that nothing more counts that is written
        here. Raises: JournalFull.
        """
        await self._run(writing.lose_tail, self, held)

    async def checkpoint(self) -> None:
        """Fold the log into the database. Called when idle, so that no purchase pays for it."""
        await self._run(writing.checkpoint, self)

    async def card(self, number: int) -> CardRecord | None:
        """The card with this number."""
        return await self._run(questions.card, number)

    async def households_with_tag(self, tag: int) -> tuple[int, ...]:
        """Households whose national ID has this tag."""
        return await self._run(questions.households_with_tag, tag)

    async def households(self) -> int:
        """How many households may buy here."""
        return await self._run(questions.households)

    async def account(self, household: int) -> Account | None:
        """A household with its allowances here; until the next write the last one is answered from memory.

        So the purchase that follows TOTAL does not go to the worker twice while a household waits.
        """
        kept = self.kept_account
        if kept is not None and kept.household == household:
            return kept
        return await self._run(memory.account, self, household)

    async def codes(self, household: int) -> Codes:
        """A household's unused one-time codes."""
        return await self._run(questions.codes, household)

    async def product(self, gtin: int) -> Product | None:
        """An approved product."""
        return await self._run(questions.product, gtin)

    async def price(self, good: int, gtin: int, unit: Unit) -> int | None:
        """The shop's own price in rial, per kilogram for gram."""
        return await self._run(questions.price, good, gtin, unit)

    async def purchase(self, sequence: int) -> PurchaseRecord | None:
        """The purchase with this sequence number and what became of it."""
        return await self._run(purchase_record, self.identity, sequence)

    async def open_left(self, allowances: Iterable[int]) -> OpenLeft:
        """What is left of those allowances that are still open here."""
        return await self._run(questions.open_left, tuple(allowances), self.keeper.now().not_after_s)

    async def closed_locks(self) -> tuple[Lock, ...]:
        """Locks whose announcement has not reached this till."""
        return await self._run(questions.closed_locks)

    async def open_locks(self) -> tuple[Lock, ...]:
        """Locks that an announcement has opened here."""
        return await self._run(questions.open_locks)

    async def has_sold_for_cash(self) -> bool:
        """Whether there was a cash sale, on whichever day."""
        return await self._run(questions.has_sold_for_cash)

    async def day_totals(self) -> DayTotals:
        """Sums since the last Z."""
        return await self._run(questions.day_totals)

    async def send_by_s(self) -> int | None:
        """Until when the unsent purchases must be with the center to count as in time."""
        return await self._run(questions.send_by_s, self.acknowledged)

    async def unclean_starts(self) -> int:
        """Power cuts since the last Z."""
        return await self._run(questions.unclean_starts, self.first_of_day)

    async def untold(self) -> Untold | None:
        """What the center answered and paper has not told yet."""
        return await self._run(tellings.untold)

    async def begin_telling(self) -> Telling | None:
        """Durably: a slip of its own tells what is untold. Raises: JournalFull; then nothing was written."""
        return await self._run(tellings.begin)

    async def end_telling(self, telling: Telling) -> None:
        """Durably: that slip is out. Raises: JournalFull."""
        await self._run(tellings.end, telling)

    async def half_told(self) -> Telling | None:
        """A telling that was begun and not ended."""
        return await self._run(tellings.half_told)

    async def telling_of(self, closing: int) -> Telling | None:
        """What the closing with this sequence tells."""
        return await self._run(tellings.telling_of, closing)

    async def news(self, telling: Telling | None) -> News:
        """What a telling says; without one, what is quarantined and was settled, told or not."""
        return await (self._run(tellings.standing) if telling is None else self._run(tellings.news, telling))

    async def entry(self, sequence: int) -> Entry | None:
        """One entry, proven."""
        return await self._run(storage.read_entry, self.identity, sequence)

    async def last_printable(self) -> Entry | None:
        """The last entry that owes a slip."""
        sequence = await self._run(questions.last_printable)
        return None if sequence is None else await self.entry(sequence)

    async def unsent_entries(self, from_sequence: int, most: int) -> tuple[EntryBytes, ...]:
        """At most `most` entries from a sequence on, read back from disk and proven before they may be sent."""
        return await self._run(_stored_entries, self.identity, from_sequence, most)

    async def mail_messages(self, from_number: int, most: int) -> tuple[bytes, ...]:
        """At most `most` items of mail as they came, for a center that lost its own, read back and proven."""
        return await self._run(storage.mail_messages, self.identity, from_number, most)

    async def hash_before(self, sequence: int) -> bytes:
        """The hash that entry `sequence` names as its `prev`."""
        return await self._run(storage.hash_before, self.identity, sequence)

    async def close(self) -> None:
        """Say that the process ended in order, if the disk takes it, and let go of the file."""
        try:
            # On a full disk the next start says that the end was not in order: nothing else comes of it.
            with contextlib.suppress(JournalFull):
                await self._run(writing.set_clean, clean=True)
        finally:
            await self._connection.close()

    async def _run(
        self, function: Callable[Concatenate[sqlite3.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        # aiosqlite has no public call for a whole function; a call a statement costs twice the time of a purchase. Its own
        # `_execute` would have to be a task and shielded: two more turns of the loop, and nothing that this has not.
        connection, answer = self._connection, asyncio.get_running_loop().create_future()
        call = partial(_guarded, function, connection._conn, *args, **kwargs)  # noqa: SLF001 -- see above
        connection._tx.put_nowait((answer, call))  # noqa: SLF001 -- see above
        result: _T = await answer
        return result


@asynccontextmanager
async def open_journal(
    path: Path, identity: Identity, clock: Clock, *, version: str
) -> AsyncIterator[Journal]:
    """The journal in the file `path`, made if there is none. Raises: JournalCorrupt, JournalFull."""
    try:
        # What cannot be opened fails here already: aiosqlite's worker would outlive the loop that it reports to.
        sqlite3.connect(path).close()
        connection = await aiosqlite.connect(path, isolation_level=None)
    except storage.DATABASE_ERRORS as error:
        raise storage.storage_error(error) from error
    journal = Journal(connection, identity, clock)
    try:
        await journal.load(version=version)
        yield journal
    except BaseException:
        await connection.close()
        raise
    await journal.close()


def _guarded(function: Callable[..., _T], sql: sqlite3.Connection, *args: object, **kwargs: object) -> _T:
    try:
        return function(sql, *args, **kwargs)
    except storage.DATABASE_ERRORS as error:
        raise storage.storage_error(error) from error


def _stored_entries(
    sql: sqlite3.Connection, identity: Identity, first: int, most: int
) -> tuple[EntryBytes, ...]:
    return tuple(entry.stored for entry in storage.read_entries(sql, identity, first, most))
