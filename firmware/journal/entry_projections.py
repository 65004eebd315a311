"""How an entry moves the projections, kind by kind; called inside the transaction that stores the entry.

The same functions run at a rebuild, so a rebuild cannot unlock or restore anything that the day did not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firmware.errors import StaleDecision
from firmware.journal import tellings
from sync.wire.kinds import ClockSource, EntryKind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sync.wire import facts
    from sync.wire.entry import Entry, PrivatePart


def project(sql: sqlite3.Connection, entry: Entry) -> None:
    """Move the projections. Raises: StaleDecision, when credit is not there as the entry's legs say."""
    move = _MOVES.get(entry.kind)
    if move is not None:
        move(sql, entry, entry.fact)


def _private(entry: Entry) -> PrivatePart:
    assert entry.private is not None, "this kind has a private part"
    return entry.private


def _purchase(sql: sqlite3.Connection, entry: Entry, fact: facts.Purchase) -> None:
    private = _private(entry)
    for leg in fact.legs:
        _move_left(sql, leg, before_rial=leg.left_rial + leg.amount_rial)
    sql.execute(
        "INSERT INTO purchase VALUES (?, ?, ?, ?, 0)",
        (entry.sequence, private.household, fact.credit_rial, fact.own_rial),
    )
    sql.execute(
        "UPDATE household SET pin_failures = 0 WHERE number = ? AND pin_failures", (private.household,)
    )


def _move_left(sql: sqlite3.Connection, leg: facts.Leg, *, before_rial: int) -> None:
    moved = sql.execute(
        "UPDATE allowance SET left_rial = ? WHERE number = ? AND left_rial = ? AND NOT returned",
        (leg.left_rial, leg.allowance, before_rial),
    )
    if moved.rowcount != 1:
        raise StaleDecision(f"allowance {leg.allowance} does not hold {before_rial} rial")


def _void(sql: sqlite3.Connection, entry: Entry, fact: facts.Void) -> None:
    changed = sql.execute(
        "UPDATE purchase SET voided = 1 WHERE sequence = :purchase AND NOT voided"
        " AND NOT EXISTS (SELECT 1 FROM reversal WHERE reversal.purchase = :purchase)",
        {"purchase": fact.purchase},
    )
    if changed.rowcount != 1:
        raise StaleDecision(f"purchase {fact.purchase} is voided or refunded already")
    _give_back(sql, fact.legs)
    sql.execute(
        "INSERT INTO reversal VALUES (?, ?, 1, ?, ?)",
        (entry.sequence, fact.purchase, fact.credit_rial, fact.own_rial),
    )


def _refund(sql: sqlite3.Connection, entry: Entry, fact: facts.Refund) -> None:
    room = sql.execute(
        "SELECT 1 FROM purchase WHERE sequence = :purchase AND NOT voided AND credit_rial + own_rial >= :back"
        " + (SELECT coalesce(sum(credit_rial + own_rial), 0) FROM reversal WHERE reversal.purchase = :purchase)",
        {"purchase": fact.purchase, "back": fact.credit_rial + fact.own_rial},
    ).fetchone()
    if room is None:
        raise StaleDecision(f"purchase {fact.purchase} does not have that much left to refund")
    _give_back(sql, fact.legs)
    sql.execute(
        "INSERT INTO reversal VALUES (?, ?, 0, ?, ?)",
        (entry.sequence, fact.purchase, fact.credit_rial, fact.own_rial),
    )


def _give_back(sql: sqlite3.Connection, legs: tuple[facts.Leg, ...]) -> None:
    for leg in legs:
        if leg.left_rial:
            _move_left(sql, leg, before_rial=leg.left_rial - leg.amount_rial)


def _pin_failure(sql: sqlite3.Connection, entry: Entry, fact: facts.PinFailure) -> None:
    sql.execute(
        "UPDATE household SET pin_failures = ? WHERE number = ?", (fact.failures, _private(entry).household)
    )


def _code_outcome(sql: sqlite3.Connection, entry: Entry, fact: facts.CodeOutcome) -> None:
    if fact.right:
        private = _private(entry)
        used = sql.execute(
            "UPDATE code SET used = 1 WHERE household = ? AND hash = ? AND NOT used",
            (private.household, private.code_hash),
        )
        if used.rowcount != 1:
            raise StaleDecision("the code was used before")
        sql.execute("UPDATE household SET pin_failures = 0 WHERE number = ?", (private.household,))


def _announcement(sql: sqlite3.Connection, _: Entry, fact: facts.Announcement) -> None:
    for group in fact.groups:
        sql.execute("INSERT OR IGNORE INTO release VALUES (?, ?)", (fact.tranche, group.cohort))


def _given_back(sql: sqlite3.Connection, _: Entry, fact: facts.AllowanceGivenBack) -> None:
    for leg in fact.legs:
        _move_left(sql, leg, before_rial=leg.amount_rial)
        sql.execute("UPDATE allowance SET returned = 1 WHERE number = ?", (leg.allowance,))


def _price_changed(sql: sqlite3.Connection, _: Entry, fact: facts.PriceChanged) -> None:
    sql.execute(
        "REPLACE INTO price VALUES (?, ?, ?, ?)", (fact.good, fact.gtin, int(fact.unit), fact.price_rial)
    )


def _cash_sale(sql: sqlite3.Connection, entry: Entry, fact: facts.CashSale) -> None:
    sql.execute("INSERT INTO cash_sale VALUES (?, ?)", (entry.sequence, fact.total_rial))


def _decline(sql: sqlite3.Connection, entry: Entry, _: facts.Decline) -> None:
    sql.execute("INSERT INTO decline VALUES (?)", (entry.sequence,))


def _closing(sql: sqlite3.Connection, entry: Entry, fact: facts.Closing) -> None:
    sql.execute("INSERT INTO closing VALUES (?, ?, ?)", (entry.sequence, int(fact.closing), fact.number))
    tellings.tell_with(sql, entry.sequence)


def _clock_set(sql: sqlite3.Connection, _: Entry, fact: facts.ClockSet) -> None:
    if fact.source is ClockSource.CENTER:
        put(sql, "chip_shift_s", fact.shift_s)


def _booted(sql: sqlite3.Connection, entry: Entry, _: facts.Booted) -> None:
    put(sql, "boot", entry.boot)


def _outage(sql: sqlite3.Connection, entry: Entry, _: facts.OutageOpened | facts.OutageClosed) -> None:
    put(sql, "outage_open", int(entry.kind is EntryKind.OUTAGE_OPENED))


def put(sql: sqlite3.Connection, name: str, value: object) -> None:
    """Remember a single value under `name`."""
    sql.execute("REPLACE INTO known VALUES (?, ?)", (name, value))


_MOVES: dict[EntryKind, Callable[[sqlite3.Connection, Entry, Any], None]] = {
    EntryKind.BOOTED: _booted,
    EntryKind.CLOCK_SET: _clock_set,
    EntryKind.ALLOWANCE_GIVEN_BACK: _given_back,
    EntryKind.PIN_FAILURE: _pin_failure,
    EntryKind.CODE_OUTCOME: _code_outcome,
    EntryKind.ANNOUNCEMENT: _announcement,
    EntryKind.PURCHASE: _purchase,
    EntryKind.DECLINE: _decline,
    EntryKind.VOID: _void,
    EntryKind.REFUND: _refund,
    EntryKind.PRICE_CHANGED: _price_changed,
    EntryKind.OUTAGE_OPENED: _outage,
    EntryKind.OUTAGE_CLOSED: _outage,
    EntryKind.CLOSING: _closing,
    EntryKind.CASH_SALE: _cash_sale,
}
