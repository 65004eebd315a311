"""Looking at a whole journal from outside the running appliance: verify, rebuild, export.

These commands open the file alone; the appliance must not be running.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from firmware.errors import JournalCorrupt, StaleDecision
from firmware.journal import questions, storage
from firmware.journal.entry_projections import project
from firmware.journal.loading import keeper_of
from firmware.journal.mail_projections import open_policy, project_mail
from firmware.journal.records import Glance
from firmware.journal.schema import PROJECTION_TABLES, prepare
from sync.wire import exported, verifiable
from sync.wire.errors import WireError
from sync.wire.facts import MailApplied
from sync.wire.mail import MailHead

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.clock import Clock
    from firmware.identity import Identity
    from sync.wire.credential import TrustedKeys
    from sync.wire.entry import Entry
    from sync.wire.policy import Policy
    from sync.wire.verifiable import Outcome

Progress = Callable[[int], None]
TOLD_BY_ANSWERS = (
    "acknowledged",
    "contact_s",
    "carried_s",
    "epoch",
    "statement",
    "clean",
    "trusted_s",
    "trusted_before",
)
"""What is known from signed answers and from the process's end, not from entries or mail: a rebuild keeps it."""


class Audit(Struct, frozen=True):
    """What was proven."""

    entries: int
    mails: int
    head: bytes


def verify(path: Path, identity: Identity, progress: Progress) -> Audit:
    """Prove every entry, every item of mail, both chains, and that the projections are what follows from them.

    Changes nothing. Raises: JournalCorrupt, naming the first entry, item or table that fails.
    """
    with _opened(path) as sql, _undone(sql):
        head, mail_head = storage.head_of(sql, identity), storage.mail_head_of(sql, identity)
        for table in PROJECTION_TABLES:
            sql.execute(f"CREATE TEMP TABLE stored_{table} AS SELECT * FROM {table}")  # noqa: S608 -- names of our own tables
        applied = MailHead(0, identity.mail_root)
        _forget(sql)
        for entry in storage.read_entries(sql, identity, 0):
            if isinstance(entry.fact, MailApplied):
                applied = MailHead(entry.fact.last, entry.fact.head)
            _project_again(sql, entry, identity)
            progress(entry.sequence)
        if applied != mail_head:
            raise JournalCorrupt(
                f"mail {max(applied.number, mail_head.number)}", "is not what was applied last"
            )
        _compare(sql)
        return Audit(head.sequence, mail_head.number, head.prev)


@contextmanager
def _undone(sql: sqlite3.Connection) -> Iterator[None]:
    sql.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        sql.execute("ROLLBACK")


def _compare(sql: sqlite3.Connection) -> None:
    for table in PROJECTION_TABLES:
        for one, other in ((f"stored_{table}", table), (table, f"stored_{table}")):
            row = sql.execute(f"SELECT * FROM {one} EXCEPT SELECT * FROM {other}").fetchone()  # noqa: S608 -- as above
            if row is not None:
                raise JournalCorrupt(
                    f"table {table}", f"is not what follows from the entries, at {row[0]}: rebuild it"
                )


def rebuild(path: Path, identity: Identity, progress: Progress) -> Audit:
    """Make the projections anew from the entries and the mail that they name, in one transaction.

    Raises: JournalCorrupt; then the old projections stand.
    """
    with _opened(path) as sql:
        with storage.transaction(sql):
            _forget(sql)
            for entry in storage.read_entries(sql, identity, 0):
                _project_again(sql, entry, identity)
                progress(entry.sequence)
        head, mail_head = storage.head_of(sql, identity), storage.mail_head_of(sql, identity)
        return Audit(head.sequence, mail_head.number, head.prev)


def _forget(sql: sqlite3.Connection) -> None:
    kept = [(name, questions.known(sql, name)) for name in TOLD_BY_ANSWERS]
    for table in PROJECTION_TABLES:
        sql.execute(f"DELETE FROM {table}")  # noqa: S608 -- names of our own tables
    sql.executemany("INSERT INTO known VALUES (?, ?)", [row for row in kept if row[1] is not None])


def _project_again(sql: sqlite3.Connection, entry: Entry, identity: Identity) -> None:
    try:
        if isinstance(entry.fact, MailApplied):
            for mail_item in storage.read_mail(sql, identity, entry.fact.first, entry.fact.last):
                project_mail(sql, mail_item, identity.trusted)
        project(sql, entry)
    except (StaleDecision, WireError) as error:
        raise JournalCorrupt(f"entry {entry.sequence}", str(error)) from error


def export(path: Path, identity: Identity, target: Path, progress: Progress) -> Audit:
    """Write all entries verbatim, without private parts, for third parties.

    `sync.wire.exported` says what stands in the file. It appears under its name only when it is whole.

    Raises: JournalCorrupt, OSError.
    """
    draft = target.with_name(f"{target.name}.part")
    try:
        with _opened(path) as sql, draft.open("wb") as out:
            audit = _export(sql, identity, out, progress)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return audit


def _export(sql: sqlite3.Connection, identity: Identity, out: BinaryIO, progress: Progress) -> Audit:
    out.write(exported.header(exported.JOURNAL, identity.slim, identity.trusted))
    for entry in storage.read_entries(sql, identity, 0):
        out.write(exported.journal_item(entry.stored))
        progress(entry.sequence)
    head = storage.head_of(sql, identity)
    return Audit(head.sequence, storage.mail_head_of(sql, identity).number, head.prev)


def verify_file(source: Path, trusted: TrustedKeys) -> Outcome:
    """What an exported file, or the text of a receipt, proves to this device. Raises: OSError."""
    with source.open("rb") as file:
        data = file.read(verifiable.FILE_BYTES_MAX + 1)
    return verifiable.verify(data, trusted.root.public, trusted.messages)


def policy_of(path: Path, identity: Identity) -> Policy | None:
    """The policy that is in force here, if mail has brought one. Raises: JournalCorrupt."""
    with _opened(path) as sql:
        policy = questions.known(sql, "policy")
        return open_policy(policy, identity.trusted) if isinstance(policy, bytes) else None


def glance(path: Path, identity: Identity, clock: Clock) -> Glance:
    """What a technician wants to know first. Changes nothing. Raises: JournalCorrupt."""
    with _opened(path) as sql:
        head = storage.head_of(sql, identity)
        return Glance(
            now=keeper_of(sql, identity, clock).now(),
            unsent=head.sequence - questions.known_int(sql, "acknowledged"),
            link_is_down=bool(questions.known_int(sql, "outage_open")),
            unclean_starts=questions.unclean_starts(sql, questions.first_of_day(sql))
            + (not questions.known_int(sql, "clean", 1)),
            tail_lost=questions.known_int(sql, "tail_lost"),
        )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise JournalCorrupt(str(path), "is not there")
    try:
        # The appliance holds its journal as long as it runs: waiting for it is no use.
        sql = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            prepare(sql)
            yield sql
        finally:
            sql.close()
    except storage.DATABASE_ERRORS as error:
        raise storage.storage_error(error) from error
