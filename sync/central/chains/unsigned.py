"""The book of entries that came lean: accepted by the signature of a later entry that binds them, their own not yet held.

A signature may come beside a request, or with the entry itself, verbatim, where people ask for it in a dispute. One that
then fails is an observation, not an undoing: the chain proves the entry all the same.
Owns the table unsigned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central.restoring.returning import observe
from sync.wire.exchange import LATER_SIGNATURES_MAX, Span
from sync.wire.kinds import Verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from sync.central.chains.checking import Checked


def add(database: sqlite3.Connection, device: int, sequence: int) -> None:
    """An entry was stored without its own signature."""
    database.execute("INSERT INTO unsigned (device, sequence) VALUES (?, ?)", (device, sequence))


def bring(database: sqlite3.Connection, device: int, sequence: int, one: Checked) -> None:
    """An entry that is held came once more; what it brings was verified where it holds."""
    if one.verdict == Verdict.ACCEPTED and one.stored.signature:
        _keep(database, device, sequence, one.stored.signature)


def lacking(database: sqlite3.Connection, device: int, first: int, count: int) -> list[tuple[int, bytes]]:
    """Of `count` entries from `first` on those that lack their signature: number and payload."""
    rows = database.execute(
        "SELECT sequence, payload FROM unsigned JOIN entry USING (device, sequence)"
        " WHERE device = ? AND sequence >= ? AND sequence < ? ORDER BY sequence",
        (device, first, first + min(count, LATER_SIGNATURES_MAX)),
    )
    return [(row["sequence"], row["payload"]) for row in rows]


def later(
    database: sqlite3.Connection, device: int, signatures: Sequence[tuple[int, bytes]], failed: Iterable[int]
) -> None:
    """Keep signatures that came later; those of entries in `failed` do not hold."""
    wrong = set(failed)
    for sequence, signature in signatures:
        if sequence not in wrong:
            _keep(database, device, sequence, signature)
            continue
        marked = database.execute(
            "UPDATE unsigned SET failed = 1 WHERE device = ? AND sequence = ? AND NOT failed",
            (device, sequence),
        )
        if marked.rowcount:
            observe(
                database, device, sequence, "its own signature, sent later, does not hold; the chain's head binds it"
            )  # fmt: skip


def oldest(database: sqlite3.Connection, device: int) -> Span | None:
    """The first run of entries whose signatures are still to come."""
    rows = database.execute(
        "SELECT sequence FROM unsigned WHERE device = ? AND NOT failed ORDER BY sequence LIMIT ?",
        (device, LATER_SIGNATURES_MAX),
    ).fetchall()
    if not rows:
        return None
    first = last = rows[0]["sequence"]
    for row in rows[1:]:
        if row["sequence"] != last + 1:
            break
        last = row["sequence"]
    return Span(first=first, last=last)


def want(database: sqlite3.Connection, device: int, span: Span) -> int:
    """People want to see these entries' own signatures now, whatever the line; how many are lacking."""
    database.execute(
        "UPDATE device SET wanted_first = ?, wanted_last = ? WHERE number = ?",
        (span.first, span.last, device),
    )
    return count(database, device, span)


def wanted(database: sqlite3.Connection, device: int) -> Span | None:
    """The first run that people want and that is still lacking."""
    row = database.execute(
        "SELECT MIN(sequence) AS first, MAX(sequence) AS last FROM unsigned JOIN device ON number = device"
        " WHERE device = ? AND NOT failed AND sequence BETWEEN wanted_first AND wanted_last",
        (device,),
    ).fetchone()
    return None if row["first"] is None else Span(first=row["first"], last=row["last"])


def numbers(database: sqlite3.Connection, device: int) -> frozenset[int]:
    """The entries whose own signature is not held."""
    rows = database.execute("SELECT sequence FROM unsigned WHERE device = ?", (device,))
    return frozenset(row["sequence"] for row in rows)


def count(database: sqlite3.Connection, device: int, span: Span | None = None) -> int:
    """How many entries, in `span` or at all, lack their own signature."""
    first, last = (0, 2**53) if span is None else (span.first, span.last)
    row = database.execute(
        "SELECT COUNT(*) AS n FROM unsigned WHERE device = ? AND sequence BETWEEN ? AND ?",
        (device, first, last),
    ).fetchone()
    return int(row["n"])


def _keep(database: sqlite3.Connection, device: int, sequence: int, signature: bytes) -> None:
    gone = database.execute("DELETE FROM unsigned WHERE device = ? AND sequence = ?", (device, sequence))
    if gone.rowcount:
        database.execute(
            "UPDATE entry SET signature = ? WHERE device = ? AND sequence = ?", (signature, device, sequence)
        )
