"""What became of one purchase; read back from its entries, each proven, on the database's worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.journal import questions, storage
from firmware.journal.records import PurchaseRecord
from sync.wire.facts import Refund
from sync.wire.kinds import Verdict
from sync.wire.refunds import returned_by

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from firmware.identity import Identity


def purchase_record(sql: sqlite3.Connection, identity: Identity, sequence: int) -> PurchaseRecord | None:
    """The purchase with this sequence number, whether it was voided, closed over, refunded or judged."""
    row = sql.execute("SELECT voided FROM purchase WHERE sequence = ?", (sequence,)).fetchone()
    entry = None if row is None else storage.read_entry(sql, identity, sequence)
    if entry is None:
        return None
    verdict = sql.execute("SELECT verdict FROM verdict WHERE sequence = ?", (sequence,)).fetchone()
    return PurchaseRecord(
        entry, bool(row[0]), questions.first_of_day(sql) > sequence, returned_by(_refunds(sql, identity, sequence)),
        None if verdict is None else Verdict(verdict[0]),
    )  # fmt: skip


def _refunds(sql: sqlite3.Connection, identity: Identity, purchase: int) -> Iterator[Refund]:
    rows = sql.execute(
        "SELECT sequence FROM reversal WHERE purchase = ? AND NOT void", (purchase,)
    ).fetchall()
    for (sequence,) in rows:
        entry = storage.read_entry(sql, identity, sequence)
        assert entry is not None, "a reversal row names an entry"
        assert isinstance(entry.fact, Refund), "a reversal row without void names a refund"
        yield entry.fact
