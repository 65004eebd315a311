"""Scanned receipts whose entries never came: kept as far as they stand on paper. Owns the table paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sync.wire.entry import EntryBytes, Payload
from sync.wire.kinds import EntryKind, Verdict

if TYPE_CHECKING:
    import sqlite3

    from sync.wire.facts import Fact


class Paper(NamedTuple):
    """One receipt. `is_booked` says whether it has moved money."""

    sequence: int
    kind: EntryKind
    hash: bytes
    stored: EntryBytes
    verdict: Verdict
    is_booked: bool

    @property
    def fact(self) -> Fact:
        """What it says."""
        return Payload.from_cbor(self.stored.payload).public


def kept(database: sqlite3.Connection, device: int, sequence: int) -> Paper | None:
    """The receipt of an entry, if one was scanned."""
    row = database.execute(
        "SELECT * FROM paper WHERE device = ? AND sequence = ?", (device, sequence)
    ).fetchone()
    return None if row is None else _paper(row)


def of_device(database: sqlite3.Connection, device: int) -> list[Paper]:
    """All receipts of a device, in the order of its chain."""
    rows = database.execute("SELECT * FROM paper WHERE device = ? ORDER BY sequence", (device,))
    return [_paper(row) for row in rows]


def lost(database: sqlite3.Connection, device: int) -> list[Paper]:
    """Booked receipts whose entries have not come in full until now."""
    rows = database.execute(
        "SELECT * FROM paper WHERE device = ? AND booked AND NOT EXISTS (SELECT 1 FROM entry"
        " WHERE entry.device = paper.device AND entry.sequence = paper.sequence AND payload IS NOT NULL) ORDER BY sequence",
        (device,),
    )
    return [_paper(row) for row in rows]


def keep(database: sqlite3.Connection, device: int, paper: Paper, *, reason: str, arrived_s: int) -> None:
    """Keep a receipt; one that was not booked may be judged anew and replaced."""
    database.execute(
        "INSERT OR REPLACE INTO paper (device, sequence, kind, hash, entry, arrived_s, verdict, reason, booked)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            device, paper.sequence, int(paper.kind), paper.hash, paper.stored.to_cbor(), arrived_s, int(paper.verdict),
            reason, paper.is_booked,
        ),
    )  # fmt: skip


def _paper(row: sqlite3.Row) -> Paper:
    return Paper(
        row["sequence"], EntryKind(row["kind"]), row["hash"], EntryBytes.from_cbor(row["entry"]), Verdict(row["verdict"]),
        bool(row["booked"]),
    )  # fmt: skip
