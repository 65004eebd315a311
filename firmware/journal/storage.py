"""Entries and mail as rows: written in one transaction, read back and verified.

Runs on the database's worker only. Everything read from disk is proven again before anybody may use it.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from firmware.errors import JournalCorrupt, JournalFull
from sync.wire import mail
from sync.wire.cose import VerifyingKey
from sync.wire.entry import PAYLOAD_BYTES_MAX, Entry, EntryBytes, Head, reopen
from sync.wire.errors import WireError
from sync.wire.kinds import Grade
from sync.wire.mail import Mail, MailHead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from firmware.identity import Identity

DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""A damaged schema stands in the text of SQLite's error, of which Python then reads no word."""
_COLUMNS = "sequence, payload, lines, private, signature, hash"


@contextmanager
def transaction(sql: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Raises: JournalFull, when the disk takes no more; the transaction is then undone."""
    try:
        sql.execute("BEGIN IMMEDIATE")
        try:
            yield
            sql.execute("COMMIT")
        except BaseException:
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            raise
    except DATABASE_ERRORS as error:
        raise storage_error(error) from error


def storage_error(error: sqlite3.Error | UnicodeDecodeError) -> JournalFull | JournalCorrupt:
    """What a database error means to the appliance."""
    if isinstance(error, UnicodeDecodeError):
        return JournalCorrupt("database", "its own words cannot be read")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if name in ("SQLITE_FULL", "SQLITE_IOERR_WRITE"):
        return JournalFull("the disk takes no more")
    if name == "SQLITE_BUSY":
        return JournalCorrupt("database", "another process has it open")
    return JournalCorrupt("database", f"{name}: {error}")


def write_entry(sql: sqlite3.Connection, entry: Entry) -> None:
    """Store one entry."""
    stored = entry.stored
    assert len(stored.payload) <= PAYLOAD_BYTES_MAX, "what is stored can be read back"
    sql.execute(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            entry.sequence,
            int(entry.kind),
            stored.payload,
            stored.lines,
            stored.private,
            stored.signature,
            entry.hash,
        ),
    )


def write_mail(sql: sqlite3.Connection, item: Mail) -> None:
    """Store one item of mail."""
    sql.execute("INSERT INTO mail VALUES (?, ?, ?)", (item.number, item.message, item.hash))


def read_entries(
    sql: sqlite3.Connection, identity: Identity, first: int, most: int | None = None
) -> Iterator[Entry]:
    """Entries from sequence `first` on, each proven and chained to the one before.

    Raises: JournalCorrupt, naming the entry.
    """
    prev = hash_before(sql, identity, first)
    rows = sql.execute(f"SELECT {_COLUMNS} FROM entry WHERE sequence >= ? ORDER BY sequence LIMIT ?", (first, -1 if most is None else most))  # fmt: skip  # noqa: S608 -- fixed column names
    for expected, row in enumerate(rows, first):
        if row[0] != expected:
            raise JournalCorrupt(f"entry {expected}", "is missing")
        entry = _proven(row, identity)
        if (entry.device, entry.sequence, entry.prev) != (identity.device, expected, prev):
            raise JournalCorrupt(f"entry {expected}", "does not continue the chain")
        prev = entry.hash
        yield entry


def read_entry(sql: sqlite3.Connection, identity: Identity, sequence: int) -> Entry | None:
    """One entry, proven. Raises: JournalCorrupt."""
    row = sql.execute(f"SELECT {_COLUMNS} FROM entry WHERE sequence = ?", (sequence,)).fetchone()  # noqa: S608 -- fixed names
    return None if row is None else _proven(row, identity)


def read_mail(sql: sqlite3.Connection, identity: Identity, first: int, last: int) -> Iterator[Mail]:
    """Items `first` to `last`, each proven and chained. Raises: JournalCorrupt, naming the item."""
    head = _mail_head_before(sql, identity, first)
    rows = sql.execute(
        "SELECT number, message, hash FROM mail WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)
    )
    for number, message, hash_ in rows:
        what = f"mail {head.number + 1}"
        if number != head.number + 1:
            raise JournalCorrupt(what, "is missing")
        try:
            item = mail.reopen(message, head, identity.trusted, device=identity.device)
        except WireError as error:
            raise _corrupt(what, error) from error
        if item.hash != hash_:
            raise JournalCorrupt(f"mail {item.number}", "has another hash than the one stored")
        head = item.head
        yield item
    if head.number != last:
        raise JournalCorrupt(f"mail {head.number + 1}", "is missing")


def mail_messages(sql: sqlite3.Connection, identity: Identity, first: int, most: int) -> tuple[bytes, ...]:
    """At most `most` items of mail from `first` on, proven, as they came."""
    last = min(mail_head_of(sql, identity).number, first + most - 1)
    return tuple(item.message for item in read_mail(sql, identity, first, last))


def head_of(sql: sqlite3.Connection, identity: Identity) -> Head:
    """Where the next entry goes."""
    row = sql.execute("SELECT sequence, hash FROM entry ORDER BY sequence DESC LIMIT 1").fetchone()
    return Head(0, identity.credential_hash) if row is None else Head(row[0] + 1, row[1])


def mail_head_of(sql: sqlite3.Connection, identity: Identity) -> MailHead:
    """The last item of mail that is stored."""
    row = sql.execute("SELECT number, hash FROM mail ORDER BY number DESC LIMIT 1").fetchone()
    return MailHead(0, identity.mail_root) if row is None else MailHead(*row)


def last_trusted_s(sql: sqlite3.Connection, identity: Identity, first: int) -> int | None:
    """The lower bound of the last entry from sequence `first` on whose time was trusted, if there is one."""
    newest_first = f"SELECT {_COLUMNS} FROM entry WHERE sequence >= ? ORDER BY sequence DESC"  # noqa: S608 -- fixed names
    for row in sql.execute(newest_first, (first,)):
        time = _proven(row, identity).time
        if time.grade is Grade.TRUSTED:
            return time.not_before_s
    return None


def _proven(row: tuple[int, bytes, bytes | None, bytes | None, bytes, bytes], identity: Identity) -> Entry:
    sequence, payload, lines, private, signature, hash_ = row
    what = f"entry {sequence}"
    try:
        stored = EntryBytes(payload=payload, lines=lines, private=private, signature=signature)
        entry = reopen(
            stored, key=VerifyingKey(identity.key.public), blinding_key=identity.blinding_key, what=what
        )
    except WireError as error:
        raise _corrupt(what, error) from error
    if entry.hash != hash_ or entry.sequence != sequence:
        raise JournalCorrupt(what, "is not stored under its own hash and sequence")
    return entry


def _corrupt(what: str, error: WireError) -> JournalCorrupt:
    return JournalCorrupt(what, str(error).removeprefix(f"{what}: "))


def hash_before(sql: sqlite3.Connection, identity: Identity, first: int) -> bytes:
    """The hash that entry `first` names as its `prev`. Raises: JournalCorrupt."""
    if first == 0:
        return identity.credential_hash
    row = sql.execute("SELECT hash FROM entry WHERE sequence = ?", (first - 1,)).fetchone()
    if row is None:
        raise JournalCorrupt(f"entry {first - 1}", "is missing")
    hash_: bytes = row[0]
    return hash_


def _mail_head_before(sql: sqlite3.Connection, identity: Identity, first: int) -> MailHead:
    if first == 1:
        return MailHead(0, identity.mail_root)
    row = sql.execute("SELECT number, hash FROM mail WHERE number = ?", (first - 1,)).fetchone()
    if row is None:
        raise JournalCorrupt(f"mail {first - 1}", "is missing")
    return MailHead(*row)
