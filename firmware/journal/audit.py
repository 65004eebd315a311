"""Looking at a whole journal from outside the running appliance: verify, rebuild, export.

These commands open the file alone; the appliance must not be running. Whoever only looks leaves the folder as it was:
what is made anew to be compared lies in SQLite's own temporary tables, and the write-ahead log is read and not folded.
"""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from firmware.errors import FirmwareError, JournalCorrupt, StaleDecision
from firmware.journal import questions, storage
from firmware.journal.entry_projections import project
from firmware.journal.loading import keeper_of
from firmware.journal.mail_projections import open_policy, project_mail
from firmware.journal.memory import who_we_are_now
from firmware.journal.records import Glance
from firmware.journal.schema import PROJECTION_TABLES, PROJECTIONS, prepare
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
_IN_TEMP = PROJECTIONS.replace("IF NOT EXISTS ", "IF NOT EXISTS temp.")
"""Temporary tables of the projections' names: SQLite finds these first, and the journal's as `main.`."""


class Audit(Struct, frozen=True):
    """What was proven."""

    entries: int
    mails: int
    head: bytes


def verify(path: Path, identity: Identity, progress: Progress) -> Audit:
    """Prove every entry, every item of mail, both chains, and that the projections are what follows from them.

    Changes nothing. Raises: JournalCorrupt, naming the first entry, item or table that fails.
    """
    with _looked_at(path) as sql:
        _check_begun(sql)
        head, mail_head = storage.head_of(sql, identity), storage.mail_head_of(sql, identity)
        for statement in _IN_TEMP.split(";"):
            sql.execute(statement)
        _keep_told(sql, _told_by_answers(sql, "main.known"))
        applied = MailHead(0, identity.mail_root)
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


def _check_begun(sql: sqlite3.Connection) -> None:
    """Raises: JournalCorrupt, where no entry is: a till writes its first as soon as it starts enrolled."""
    if sql.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is None:
        raise JournalCorrupt("journal", "holds no entry, and a till that was started holds at least one")


def _compare(sql: sqlite3.Connection) -> None:
    for table in PROJECTION_TABLES:
        for one, other in ((f"main.{table}", f"temp.{table}"), (f"temp.{table}", f"main.{table}")):
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
            _check_begun(sql)
            _forget(sql)
            for entry in storage.read_entries(sql, identity, 0):
                _project_again(sql, entry, identity)
                progress(entry.sequence)
        head, mail_head = storage.head_of(sql, identity), storage.mail_head_of(sql, identity)
        return Audit(head.sequence, mail_head.number, head.prev)


def _forget(sql: sqlite3.Connection) -> None:
    told = _told_by_answers(sql, "known")
    for table in PROJECTION_TABLES:
        sql.execute(f"DELETE FROM {table}")  # noqa: S608 -- names of our own tables
    _keep_told(sql, told)


def _told_by_answers(sql: sqlite3.Connection, table: str) -> list[tuple[str, object]]:
    rows = sql.execute(f"SELECT name, value FROM {table}")  # noqa: S608 -- a name of our own
    return [row for row in rows if row[0] in TOLD_BY_ANSWERS]


def _keep_told(sql: sqlite3.Connection, told: list[tuple[str, object]]) -> None:
    sql.executemany("INSERT INTO known VALUES (?, ?)", told)


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

    `sync.wire.exported` says what stands in the file. It appears under its name only when it is whole, and takes the
    place of nothing but a file.

    Raises: JournalCorrupt; FirmwareError, naming the target.
    """
    _check_file_or_nothing(target)
    draft = target.with_name(f"{target.name}.part")
    _check_file_or_nothing(draft)
    try:
        with _looked_at(path) as sql, draft.open("wb") as out:
            audit = _export(sql, identity, out, progress)
        draft.replace(target)
    except OSError as error:
        raise FirmwareError(f"{target}: {error.strerror}") from error
    finally:
        # A folder that is not there holds no draft, and a part of the path may be a file.
        with suppress(OSError):
            draft.unlink()
    return audit


def _check_file_or_nothing(path: Path) -> None:
    """Raises: FirmwareError, where a device, a folder or a link stands, which a renamed file would take the place of."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # there is nothing, or whoever writes there learns why not
    if not stat.S_ISREG(mode):
        raise FirmwareError(f"{path}: is there already and is no regular file")


def _export(sql: sqlite3.Connection, identity: Identity, out: BinaryIO, progress: Progress) -> Audit:
    _check_begun(sql)
    # Entries that were made after the first credential had ended are proven by the one that renewed it.
    out.write(exported.header(exported.JOURNAL, who_we_are_now(sql, identity).slim, identity.trusted))
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
    with _looked_at(path) as sql:
        policy = questions.known(sql, "policy")
        return open_policy(policy, identity.trusted) if isinstance(policy, bytes) else None


def glance(path: Path, identity: Identity, clock: Clock) -> Glance:
    """What a technician wants to know first. Changes nothing. Raises: JournalCorrupt."""
    with _looked_at(path) as sql:
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
def _looked_at(path: Path) -> Iterator[sqlite3.Connection]:
    """The journal to read from, in one transaction that is undone: it may fill temporary tables.

    Without a log the file says all, and nothing is made beside it. Beside a log, which a power cut leaves, SQLite makes
    an index of it: that goes again while our lock still keeps the appliance away.
    """
    _check_there(path)
    log, index = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    alone, had_index = not log.exists(), index.exists()
    with _connected(f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' * alone}") as sql:
        sql.execute("BEGIN")
        try:
            yield sql
        finally:
            if sql.in_transaction:  # an error of the disk has ended it already
                sql.execute("ROLLBACK")
            if not (alone or had_index):
                index.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The journal to write to."""
    _check_there(path)
    with _connected(f"{path.absolute().as_uri()}?mode=rw") as sql:
        prepare(sql)
        yield sql


def _check_there(path: Path) -> None:
    """Raises: JournalCorrupt, for what SQLite would make a new database of."""
    if not path.exists():
        raise JournalCorrupt(str(path), "is not there")
    if not path.stat().st_size:
        raise JournalCorrupt(str(path), "is empty")


@contextmanager
def _connected(address: str) -> Iterator[sqlite3.Connection]:
    try:
        # The appliance holds its journal as long as it runs: waiting for it is no use.
        sql = sqlite3.connect(address, uri=True, isolation_level=None, timeout=0)
        try:
            yield sql
        finally:
            sql.close()
    except storage.DATABASE_ERRORS as error:
        raise storage.storage_error(error) from error
