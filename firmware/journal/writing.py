"""What the journal writes: one transaction and one sync each, then memory follows. Runs on the database's worker."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.errors import StaleDecision
from firmware.journal import questions, storage
from firmware.journal.entry_projections import project, put
from firmware.journal.mail_projections import project_mail
from firmware.journal.memory import follow, reread
from firmware.journal.schema import LOG_BYTES
from sync.wire.entry import Draft, Entry, seal
from sync.wire.facts import AllowanceGivenBack, Leg, Purchase
from sync.wire.mail import Mail, Recall

if TYPE_CHECKING:
    import sqlite3

    from firmware.identity import Identity
    from firmware.journal.memory import Memory
    from firmware.journal.records import Counters

GIVEN_BACK_LEGS_MAX = 100
"""Recalled allowances in one entry, whose payload is bounded; the next ones follow in entries of their own."""


def commit(
    sql: sqlite3.Connection, memory: Memory, drafts: tuple[Draft, ...], mails: tuple[Mail, ...]
) -> list[Entry]:
    """Store mail, let it take effect, and sign and store the drafts after it, with what a recall gives back.

    Raises: StaleDecision, JournalFull; Malformed, NotAuthentic for a document in mail. Then nothing was written.
    """
    entries: list[Entry] = []
    identity, head = memory.identity, memory.head
    memory.kept_account = None
    _check_count(drafts, memory.counters)
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
    memory.head = head
    for entry in entries:
        follow(sql, memory, entry)
    return entries


def _check_count(drafts: tuple[Draft, ...], counters: Counters) -> None:
    for draft in drafts:
        if isinstance(draft.fact, Purchase) and draft.fact.number != counters.purchases + 1:
            raise StaleDecision(f"purchase number {draft.fact.number} is not the next")


def _given_back(sql: sqlite3.Connection, like: Draft, mails: tuple[Mail, ...]) -> tuple[Draft, ...]:
    recalled = [number for item in mails if isinstance(item.body, Recall) for number in item.body.allowances]
    left = questions.open_left(sql, recalled, 0).left_rial
    legs = [Leg(allowance=number, amount_rial=amount, left_rial=0) for number, amount in left.items()]
    return tuple(
        Draft(AllowanceGivenBack(legs=tuple(legs[at : at + GIVEN_BACK_LEGS_MAX])), like.time, like.boot)
        for at in range(0, len(legs), GIVEN_BACK_LEGS_MAX)
    )


def acknowledge(
    sql: sqlite3.Connection,
    memory: Memory,
    *,
    held: int,
    now_s: int,
    epoch: int,
    statement: int,
    is_carried: bool = False,
) -> None:
    """Remember what a signed answer said: the center holds all entries before `held`, as of `now_s`.

    A carried answer's time was compared with no clock: it is remembered apart, until a fresh answer tells better.
    """
    said = {"acknowledged": held, "epoch": epoch, "statement": statement}
    if is_carried:
        said["carried_s"] = now_s
    else:
        said["contact_s"] = now_s
        if questions.known_int(sql, "carried_s"):
            said["carried_s"] = 0
    with storage.transaction(sql):
        for name, value in said.items():
            put(sql, name, value)
    memory.epoch, memory.statement, memory.kept_account = epoch, statement, None
    reread(sql, memory)


def lose_tail(sql: sqlite3.Connection, memory: Memory, held: int) -> None:
    """Remember that the center holds entries before `held` which are not here."""
    if memory.tail_lost == held:
        return
    with storage.transaction(sql):
        put(sql, "tail_lost", held)
    memory.tail_lost = held


def checkpoint(sql: sqlite3.Connection, memory: Memory) -> None:
    """Fold the log into the database, which starts it anew, and see that it lies on the disk at its whole length."""
    sql.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    # The first commit after a checkpoint also syncs the log's header: let it be this one, not a purchase's.
    note_trusted(sql, memory, trusted_s(sql, memory.identity))
    # A disk that has no room for that has its log grow by each purchase, and says so when it cannot.
    with contextlib.suppress(OSError):
        _fill_log(Path(sql.execute("PRAGMA database_list").fetchone()[2]))


def _fill_log(database: Path) -> None:
    """Zeros behind what the log holds: a purchase that makes a file longer has the file system write its own journal, too.

    SQLite takes no zeros for a frame, for they bear neither the log's salt nor its checksum (sqlite.org/fileformat2.html,
    4.1), and does not care how long the file is.
    """
    descriptor = os.open(f"{database}-wal", os.O_WRONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size < LOG_BYTES:
            os.pwrite(descriptor, bytes(LOG_BYTES - size), size)
            os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def trusted_s(sql: sqlite3.Connection, identity: Identity) -> int:
    """The latest trusted lower bound of the chain; before the first, the time of enrollment.

    A till that never had a line has none, and must not prove its whole journal to learn that: the search goes on from
    where it was noted last.
    """
    found = storage.last_trusted_s(sql, identity, questions.known_int(sql, "trusted_before"))
    return questions.known_int(sql, "trusted_s", identity.enrolled_s) if found is None else found


def note_trusted(sql: sqlite3.Connection, memory: Memory, found_s: int) -> None:
    """Remember what `trusted_s` found in all that was written, and that the process has not ended in order yet."""
    with storage.transaction(sql):
        put(sql, "trusted_s", found_s)
        put(sql, "trusted_before", memory.head.sequence)
        put(sql, "clean", int(False))


def set_clean(sql: sqlite3.Connection, *, clean: bool) -> None:
    """Remember whether the process has ended in order, should it end now."""
    with storage.transaction(sql):
        put(sql, "clean", int(clean))
