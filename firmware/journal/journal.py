"""The journal as the appliance's tasks see it: one connection, one writer, one transaction and one sync a commit.

The connection lives on aiosqlite's worker thread, the only thread of ours. A transaction is one function sent there; it
runs whatever becomes of who asked, for a cancelled task must not undo what the disk already does. `turn` is held from a
decision to its commit, so that no mail moves credit in between. Nothing may be shown or sounded before `commit` has
returned.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import aiosqlite

from firmware.clock import Clock, TimeKeeper
from firmware.entitlements import Account, Use
from firmware.errors import JournalFull, StaleDecision
from firmware.journal import questions, storage
from firmware.journal.entry_projections import project, put
from firmware.journal.mail_projections import open_policy, project_mail
from firmware.journal.purchases import purchase_record
from firmware.journal.records import CardRecord, Codes, Counters, DayTotals, PurchaseRecord
from firmware.journal.schema import prepare
from sync.wire.entry import Draft, Entry, EntryBytes, Head, PrivatePart, seal
from sync.wire.facts import (
    AllowanceGivenBack,
    Enrolled,
    Fact,
    Leg,
    Line,
    MailApplied,
    OutageClosed,
    OutageOpened,
    Purchase,
)
from sync.wire.kinds import ClosingKind, EntryKind, Unit
from sync.wire.mail import Lock, Mail, MailHead, Recall, Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from firmware.identity import Identity
    from firmware.reversals import OpenLeft
    from sync.wire.catalog import Product
    from sync.wire.policy import Policy

TAIL_ENTRIES = 64
"""How many of the last entries are proven at each start; `sofreh-till journal verify` proves all."""
GIVEN_BACK_LEGS_MAX = 100
"""Recalled allowances in one entry, whose payload is bounded; the next ones follow in entries of their own."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Journal:
    """See the module. Made by `open_journal`; owned by the process's one event loop."""

    def __init__(self, connection: aiosqlite.Connection, identity: Identity, clock: Clock) -> None:
        self._connection = connection
        self.kept_account = None
        self.clock = clock
        self.identity = identity
        self.turn = asyncio.Lock()

    async def load(self, *, version: str) -> None:
        """Prove the tail and read the projections into memory; the first start writes the first entry.

        Raises: JournalCorrupt, naming the entry.
        """
        await self._run(_load, self)
        if self.head.sequence == 0:
            first = Enrolled(credential_hash=self.identity.credential_hash, version=version)
            await self.commit(self.draft(first))

    def draft(
        self,
        fact: Fact,
        *,
        lines: tuple[Line, ...] | None = None,
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
        (entry,) = await self._run(_commit, self, (draft,), ())
        return entry

    async def apply_mail(self, mails: tuple[Mail, ...]) -> Entry:
        """Store mail, let it take effect and journal that, in one transaction; recalled allowances are given back.

        Raises: Malformed, NotAuthentic for a document inside; then nothing was written.
        """
        assert mails[0].number == self.mail_head.number + 1, "mail continues what is held"
        applied = MailApplied(first=mails[0].number, last=mails[-1].number, head=mails[-1].hash)
        entries = await self._run(_commit, self, (self.draft(applied),), mails)
        return entries[0]

    async def acknowledge(self, held: int, *, now_s: int, epoch: int, statement: int) -> None:
        """The center holds all entries before sequence `held`, as of its signed time."""
        await self._run(_acknowledge, self, held, now_s, epoch, statement)

    async def checkpoint(self) -> None:
        """Fold the log into the database. Called when idle, so that no purchase pays for it."""
        await self._run(_checkpoint)

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
        return await self._run(_account, self, household)

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

    async def day_totals(self) -> DayTotals:
        """Sums since the last Z."""
        return await self._run(questions.day_totals)

    async def send_by_s(self) -> int | None:
        """Until when the unsent purchases must be with the center to count as in time."""
        return await self._run(questions.send_by_s, self.acknowledged)

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

    async def hash_before(self, sequence: int) -> bytes:
        """The hash that entry `sequence` names as its `prev`."""
        return await self._run(storage.hash_before, self.identity, sequence)

    async def close(self) -> None:
        """Say that the process ended in order, if the disk takes it, and let go of the file."""
        try:
            # On a full disk the next start says that the end was not in order: nothing else comes of it.
            with contextlib.suppress(JournalFull):
                await self._run(_set_clean, clean=True)
        finally:
            await self._connection.close()

    async def _run(
        self, function: Callable[Concatenate[sqlite3.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        # aiosqlite has no public call for a whole function; a call a statement costs twice the time of a purchase. Its own
        # `_execute` would have to be a task and shielded: two more turns of the loop, and nothing that this has not.
        connection, answer = self._connection, asyncio.get_running_loop().create_future()
        call = partial(_guarded, function, connection._conn, *args, **kwargs)  # noqa: SLF001
        connection._tx.put_nowait((answer, call))  # noqa: SLF001
        result: _T = await answer
        return result

    # What `_load`, `_account`, `_commit` and `_acknowledge` keep in memory; written on the worker, while the loop waits.
    kept_account: Account | None
    head: Head
    boot: int
    keeper: TimeKeeper
    policy: Policy | None
    catalog_version: int
    shop: Shop | None
    counters: Counters
    device_use: Use
    acknowledged: int
    policy_confirmed_s: int
    epoch: int
    statement: int
    mail_head: MailHead
    closings: dict[ClosingKind, int]
    first_of_day: int
    was_clean: bool
    outage_open: bool


@asynccontextmanager
async def open_journal(
    path: Path, identity: Identity, clock: Clock, *, version: str
) -> AsyncIterator[Journal]:
    """The journal in the file `path`, made if there is none. Raises: JournalCorrupt, JournalFull."""
    try:
        # What cannot be opened fails here already: aiosqlite's worker would outlive the loop that it reports to.
        sqlite3.connect(path).close()
        connection = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.Error as error:
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
    except sqlite3.Error as error:
        raise storage.storage_error(error) from error


def _load(sql: sqlite3.Connection, journal: Journal) -> None:
    prepare(sql)
    identity = journal.identity
    journal.head = storage.head_of(sql, identity)
    for _ in storage.read_entries(sql, identity, max(0, journal.head.sequence - TAIL_ENTRIES)):
        pass
    shift_s = questions.known(sql, "chip_shift_s")
    floor_s = storage.last_trusted_s(sql, identity)
    journal.keeper = TimeKeeper(
        journal.clock,
        floor_s=floor_s,
        chip_shift_s=shift_s if isinstance(shift_s, int) else None,
        compared_s=questions.known_int(sql, "contact_s", floor_s),
    )
    journal.boot = questions.known_int(sql, "boot") + 1
    journal.counters = _counters(sql, identity)
    journal.epoch = questions.known_int(sql, "epoch", identity.epoch)
    journal.statement = questions.known_int(sql, "statement")
    journal.outage_open = bool(questions.known_int(sql, "outage_open"))
    journal.was_clean = bool(questions.known_int(sql, "clean", 1))
    _set_clean(sql, clean=False)
    _reread(sql, journal)


def _counters(sql: sqlite3.Connection, identity: Identity) -> Counters:
    """What the last purchase says of itself: a sum of their own would be one more page to write for each."""
    sequence = questions.last_purchase(sql)
    last = None if sequence is None else storage.read_entry(sql, identity, sequence)
    if last is None:
        return Counters(0, 0)
    assert isinstance(last.fact, Purchase), "a purchase row names a purchase"
    return Counters(last.fact.number, last.fact.credit_so_far_rial)


def _reread(sql: sqlite3.Connection, journal: Journal) -> None:
    """What mail, acknowledgements and closings change."""
    journal.mail_head = storage.mail_head_of(sql, journal.identity)
    policy = questions.known(sql, "policy")
    journal.policy = open_policy(policy, journal.identity.trusted) if isinstance(policy, bytes) else None
    journal.catalog_version = questions.known_int(sql, "catalog_version")
    shop = questions.known(sql, "shop")
    journal.shop = Shop.from_cbor(shop) if isinstance(shop, bytes) else None
    journal.acknowledged = questions.known_int(sql, "acknowledged")
    journal.device_use = questions.use(sql, journal.acknowledged)
    confirmed = (questions.known_int(sql, "mail_issued_s"), questions.known_int(sql, "contact_s"))
    journal.policy_confirmed_s = max(confirmed)
    journal.closings = questions.closings(sql)
    journal.first_of_day = questions.first_of_day(sql)


def _account(sql: sqlite3.Connection, journal: Journal, household: int) -> Account | None:
    journal.kept_account = questions.account(sql, household)
    return journal.kept_account


def _commit(
    sql: sqlite3.Connection, journal: Journal, drafts: tuple[Draft, ...], mails: tuple[Mail, ...]
) -> list[Entry]:
    entries: list[Entry] = []
    identity, head = journal.identity, journal.head
    journal.kept_account = None
    _check_count(drafts, journal.counters)
    with storage.transaction(sql):
        for item in mails:
            storage.write_mail(sql, item)
            project_mail(sql, item, identity.trusted)
        for draft in (*drafts, *_given_back(sql, drafts[0], mails)) if mails else drafts:
            entry = seal(
                draft, head, device=identity.device, key=identity.key, blinding_key=identity.blinding_key
            )
            storage.write_entry(sql, entry)
            project(sql, entry)
            head = entry.next_head
            entries.append(entry)
    journal.head = head
    for entry in entries:
        _remember(sql, journal, entry)
    return entries


def _check_count(drafts: tuple[Draft, ...], counters: Counters) -> None:
    for draft in drafts:
        if isinstance(draft.fact, Purchase) and draft.fact.number != counters.purchases + 1:
            raise StaleDecision(f"purchase number {draft.fact.number} is not the next")


def _remember(sql: sqlite3.Connection, journal: Journal, entry: Entry) -> None:
    journal.keeper.raise_floor(entry.time)
    fact = entry.fact
    if isinstance(fact, Purchase):
        journal.counters = Counters(fact.number, fact.credit_so_far_rial)
        use = journal.device_use
        journal.device_use = Use(use.purchases + 1, use.credit_rial + fact.credit_rial)
    elif isinstance(fact, OutageOpened | OutageClosed):
        journal.outage_open = isinstance(fact, OutageOpened)
    elif entry.kind in _REREAD:
        _reread(sql, journal)


def _given_back(sql: sqlite3.Connection, like: Draft, mails: tuple[Mail, ...]) -> tuple[Draft, ...]:
    recalled = [number for item in mails if isinstance(item.body, Recall) for number in item.body.allowances]
    left = questions.open_left(sql, recalled, 0).left_rial
    legs = [Leg(allowance=number, amount_rial=amount, left_rial=0) for number, amount in left.items()]
    return tuple(
        Draft(AllowanceGivenBack(legs=tuple(legs[at : at + GIVEN_BACK_LEGS_MAX])), like.time, like.boot)
        for at in range(0, len(legs), GIVEN_BACK_LEGS_MAX)
    )


def _acknowledge(
    sql: sqlite3.Connection, journal: Journal, held: int, now_s: int, epoch: int, statement: int
) -> None:
    with storage.transaction(sql):
        for name, value in (
            ("acknowledged", held),
            ("contact_s", now_s),
            ("epoch", epoch),
            ("statement", statement),
        ):
            put(sql, name, value)
    journal.epoch, journal.statement, journal.kept_account = epoch, statement, None
    _reread(sql, journal)


def _checkpoint(sql: sqlite3.Connection) -> None:
    sql.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    # The first commit after a checkpoint also syncs the log's header: let it be this one, not a purchase's.
    with storage.transaction(sql):
        put(sql, "clean", 0)


def _set_clean(sql: sqlite3.Connection, *, clean: bool) -> None:
    with storage.transaction(sql):
        put(sql, "clean", int(clean))


def _stored_entries(
    sql: sqlite3.Connection, identity: Identity, first: int, most: int
) -> tuple[EntryBytes, ...]:
    return tuple(entry.stored for entry in storage.read_entries(sql, identity, first, most))


_REREAD = frozenset({EntryKind.MAIL_APPLIED, EntryKind.CLOSING})
