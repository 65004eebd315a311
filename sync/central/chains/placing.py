"""Gives each entry of a batch its place in its device's chain: next, duplicate, fork, gap or hole.

A duplicate changes nothing, save that it may bring the own signature of an entry that came lean. A fork is kept as proof,
signed by itself, and suspends the device. A gap is answered with what is expected.
Owns the table stray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.central.chains import booking, unsigned
from sync.central.chains.verification import Place, Ruling, place
from sync.central.mailing.briefing import device_row
from sync.central.restoring import returning
from sync.wire import mail
from sync.wire.exchange import Span
from sync.wire.kinds import Verdict

if TYPE_CHECKING:
    import sqlite3

    from sync.central.chains.checking import Checked
    from sync.wire.exchange import ExchangeRequest

FORKED = "another entry stands at this place of the chain"


class Placed(Struct, frozen=True):
    """Verdicts that must be told although their entries found no place or were judged otherwise before, and entries that are
    needed verbatim.
    """

    told: list[mail.EntryVerdict]
    verbatim: Span | None


def take(
    database: sqlite3.Connection, request: ExchangeRequest, checked: list[Checked], *, arrived_s: int
) -> Placed:
    """Give each entry its place, and book what is next in the chain."""
    told: list[mail.EntryVerdict] = []
    verbatim = None
    _close_hole(database, request, checked[0], arrived_s=arrived_s)
    prev = request.base_prev
    for index, one in enumerate(checked):
        sequence = request.base + index
        device = device_row(database, request.device)
        chained = checked[index + 1].verdict != Verdict.BAD_SIGNATURE if index + 1 < len(checked) else False
        where = place(
            sequence=sequence,
            hash_=one.hash,
            held=device["held"],
            known=_hash_at(database, request.device, sequence),
        )
        if where is Place.GAP:
            break
        if where is Place.NEXT and prev != device["head"]:
            where = Place.FORK
        prev = one.hash
        if where is Place.DUPLICATE:
            unsigned.bring(database, request.device, sequence, one)
            continue
        if where is Place.NEXT and _append(
            database, request.device, sequence, one, chained=chained, arrived_s=arrived_s
        ):
            told += _told_otherwise(database, request.device, sequence)
            continue
        if not one.stored.signature:
            # Another entry's signature binds it here, which proves nothing to others.
            verbatim = Span(first=sequence, last=request.base + len(checked) - 1)
            break
        told += keep_stray(database, request.device, sequence, one, arrived_s=arrived_s)
        if one.verdict == Verdict.BAD_SIGNATURE:
            break
    returning.cover(database, request.device)
    return Placed(told, verbatim)


def _append(
    database: sqlite3.Connection,
    device: int,
    sequence: int,
    one: Checked,
    *,
    chained: bool,
    arrived_s: int,
) -> bool:
    """Append to the chain; False where a bad signature has no successor whose good one vouches for the entry's bytes."""
    if one.entry is None and one.verdict == Verdict.BAD_SIGNATURE and not chained:
        return False
    before = returning.told_before(database, device, sequence)
    arrived_s = arrived_s if before is None else min(arrived_s, before[1])
    if one.entry is not None:
        booking.take(database, one.entry, arrived_s=arrived_s)
    else:
        ruling = Ruling(one.verdict, one.reason)
        booking.keep(database, device, sequence, one.hash, one.stored, ruling, kind=None, arrived_s=arrived_s)
    if not one.stored.signature:
        unsigned.add(database, device, sequence)
    return True


def _told_otherwise(database: sqlite3.Connection, device: int, sequence: int) -> list[mail.EntryVerdict]:
    """The verdict of an entry that was told another one before the store was restored: nothing may change in silence."""
    before = returning.told_before(database, device, sequence)
    row = database.execute(
        "SELECT verdict FROM entry WHERE device = ? AND sequence = ?", (device, sequence)
    ).fetchone()
    now = Verdict(row["verdict"])
    if before is None or before[0] is now:
        return []
    returning.observe(
        database, device, sequence, f"was {before[0].name.lower()} before the restoration, is {now.name.lower()} now"
    )  # fmt: skip
    return [mail.EntryVerdict(sequence=sequence, verdict=now)]


def keep_stray(
    database: sqlite3.Connection, device: int, sequence: int, one: Checked, *, arrived_s: int
) -> list[mail.EntryVerdict]:
    """Keep signed bytes that have no place. A fork suspends the device. What was kept before is not told again."""
    fork = one.verdict != Verdict.BAD_SIGNATURE
    ruling = Ruling(Verdict.FORK, FORKED) if fork else Ruling(one.verdict, one.reason)
    kept = database.execute(
        "INSERT OR IGNORE INTO stray (device, sequence, hash, entry, arrived_s, verdict, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (device, sequence, one.hash, one.stored.to_cbor(), arrived_s, int(ruling.verdict), ruling.reason),
    )
    if kept.rowcount == 0:
        return []
    if fork:
        database.execute(
            "UPDATE device SET suspended_from = COALESCE(suspended_from, held),"
            " suspended_why = COALESCE(suspended_why, ?) WHERE number = ?",
            (f"fork at entry {sequence}", device),
        )
    return [mail.EntryVerdict(sequence=sequence, verdict=ruling.verdict)]


def _close_hole(
    database: sqlite3.Connection, request: ExchangeRequest, first: Checked, *, arrived_s: int
) -> None:
    """An entry whose bytes were seen broken, and whose hash its signed successor names, becomes a hole."""
    held = device_row(database, request.device)["held"]
    seen = database.execute(
        "SELECT 1 FROM stray WHERE device = ? AND sequence = ? AND verdict = ?",
        (request.device, held, int(Verdict.BAD_SIGNATURE)),
    ).fetchone()
    if seen is not None and request.base == held + 1 and first.verdict != Verdict.BAD_SIGNATURE:
        ruling = Ruling(Verdict.HOLE, "its bytes are lost; its successor names its hash")
        booking.keep(
            database, request.device, held, request.base_prev, None, ruling, kind=None, arrived_s=arrived_s
        )


def _hash_at(database: sqlite3.Connection, device: int, sequence: int) -> bytes | None:
    row = database.execute(
        "SELECT hash FROM entry WHERE device = ? AND sequence = ?", (device, sequence)
    ).fetchone()
    return None if row is None else bytes(row["hash"])
