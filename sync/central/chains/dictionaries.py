"""The dictionary that a device's batch names, made from the entries before it: the center's half of `known_before`.

A batch whose dictionary cannot be made here (entries lie between, or one of them is a hole) is read without any, and then
asked for another way. What was made is kept in memory: a till's batches of one day name the same one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sync.wire.batches.batch import dictionary_named
from sync.wire.batches.known_before import entries_before, known_from
from sync.wire.entry import EntryBytes
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    import sqlite3

    from sync.central.center import Center
    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.exchange import ExchangeRequest

KEPT_MOST = 256
"""Some tens of kilobytes each."""


async def at_hand(center: Center, request: ExchangeRequest) -> Dictionary | None:
    """The one that the request's batch names; None where it names none, or one that these books do not give."""
    try:
        named = dictionary_named(request.batch)
    except Malformed:
        return None
    if named is None:
        return None
    kept = center.dictionaries.get(named)
    if kept is not None:
        return kept
    entries = await center.run(partial(_before, device=request.device, base=request.base))
    made = await center.work(partial(known_from, entries))
    if made is None or made.hash != named:
        return None
    while len(center.dictionaries) >= KEPT_MOST:
        del center.dictionaries[next(iter(center.dictionaries))]
    center.dictionaries[named] = made
    return made


def _before(database: sqlite3.Connection, *, device: int, base: int) -> list[EntryBytes]:
    told = entries_before(base)
    rows = database.execute(
        "SELECT payload, lines, private FROM entry WHERE device = ? AND sequence >= ? AND sequence < ? AND payload IS NOT NULL"
        " ORDER BY sequence",
        (device, told.start, told.stop),
    )
    return [
        EntryBytes(payload=row["payload"], lines=row["lines"], private=row["private"], signature=b"")
        for row in rows
    ]
