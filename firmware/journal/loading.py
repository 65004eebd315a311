"""The journal's start: prove the tail, read the projections into memory. Runs on the database's worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.clock import TimeKeeper
from firmware.journal import questions, storage
from firmware.journal.memory import reread
from firmware.journal.records import Counters
from firmware.journal.schema import prepare
from firmware.journal.writing import note_trusted, trusted_s
from sync.wire.facts import Purchase

if TYPE_CHECKING:
    import sqlite3

    from firmware.clock import Clock
    from firmware.identity import Identity
    from firmware.journal.memory import Memory

TAIL_ENTRIES = 64
"""How many of the last entries are proven at each start; `sofreh-till journal verify` proves all."""


def load(sql: sqlite3.Connection, memory: Memory) -> None:
    """Fill `memory`. From now on the end counts as not in order, until `set_clean`. Raises: JournalCorrupt."""
    prepare(sql)
    identity = memory.identity
    memory.head = storage.head_of(sql, identity)
    for _ in storage.read_entries(sql, identity, max(0, memory.head.sequence - TAIL_ENTRIES)):
        pass
    memory.keeper = keeper_of(sql, identity, memory.clock)
    memory.boot = questions.known_int(sql, "boot") + 1
    memory.counters = _counters(sql, identity)
    memory.epoch = questions.known_int(sql, "epoch", identity.epoch)
    memory.statement = questions.known_int(sql, "statement")
    memory.outage_open = bool(questions.known_int(sql, "outage_open"))
    memory.tail_lost = questions.known_int(sql, "tail_lost")
    memory.was_clean = bool(questions.known_int(sql, "clean", 1))
    note_trusted(sql, memory, trusted_s(sql, identity))
    reread(sql, memory)


def keeper_of(sql: sqlite3.Connection, identity: Identity, clock: Clock) -> TimeKeeper:
    """The appliance's idea of the time, from what the journal knows and what the clock says."""
    shift_s = questions.known(sql, "chip_shift_s")
    floor_s = trusted_s(sql, identity)
    return TimeKeeper(
        clock,
        floor_s=max(floor_s, questions.known_int(sql, "carried_s")),
        chip_shift_s=shift_s if isinstance(shift_s, int) else None,
        compared_s=questions.known_int(sql, "contact_s", floor_s),
    )


def _counters(sql: sqlite3.Connection, identity: Identity) -> Counters:
    """What the last purchase says of itself: a sum of their own would be one more page to write for each."""
    sequence = questions.last_purchase(sql)
    last = None if sequence is None else storage.read_entry(sql, identity, sequence)
    if last is None:
        return Counters(0, 0)
    assert isinstance(last.fact, Purchase), "a purchase row names a purchase"
    return Counters(last.fact.number, last.fact.credit_so_far_rial)
