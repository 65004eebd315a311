"""Questions to the projections; each is a plain function of the connection, run on the database's worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.entitlements import Account, AllowanceState, Use
from firmware.journal.records import CardRecord, Codes, DayTotals
from firmware.reversals import OpenLeft
from sync.wire import mail
from sync.wire.catalog import Product
from sync.wire.entry import Payload
from sync.wire.facts import Booted
from sync.wire.kinds import ClosingKind, EntryKind, Unit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

PRINTABLE = (EntryKind.PURCHASE, EntryKind.VOID, EntryKind.REFUND, EntryKind.CLOSING, EntryKind.CASH_SALE)


def known(sql: sqlite3.Connection, name: str) -> object:
    """A single remembered value, or None."""
    row = sql.execute("SELECT value FROM known WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def known_int(sql: sqlite3.Connection, name: str, default: int = 0) -> int:
    """A single remembered integer."""
    value = known(sql, name)
    return value if isinstance(value, int) else default


def card(sql: sqlite3.Connection, number: int) -> CardRecord | None:
    """The card with this number, if mail told of it."""
    row = sql.execute("SELECT household, key_check, revoked FROM card WHERE number = ?", (number,)).fetchone()
    return None if row is None else CardRecord(number, row[0], row[1], bool(row[2]))


def households_with_tag(sql: sqlite3.Connection, tag: int) -> tuple[int, ...]:
    """All households whose national ID has this tag."""
    rows = sql.execute("SELECT number FROM household WHERE tag = ? ORDER BY number", (tag,))
    return tuple(row[0] for row in rows)


def households(sql: sqlite3.Connection) -> int:
    """How many households may buy here."""
    number: int = sql.execute("SELECT count(*) FROM household").fetchone()[0]
    return number


def account(sql: sqlite3.Connection, household: int) -> Account | None:
    """A household with its allowances here."""
    row = sql.execute("SELECT cohort, pin_failures FROM household WHERE number = ?", (household,)).fetchone()
    if row is None:
        return None
    allowances = sql.execute(
        "SELECT number, tranche, left_rial, opens_at_s,"
        " EXISTS (SELECT 1 FROM release WHERE release.tranche = allowance.tranche AND release.cohort = ?),"
        " authorize_until_s, present_by_s FROM allowance WHERE household = ? AND NOT returned",
        (row[0], household),
    )
    states = tuple(
        AllowanceState(
            number, tranche, left_rial, opens_at_s, bool(released), authorize_until_s, present_by_s
        )
        for number, tranche, left_rial, opens_at_s, released, authorize_until_s, present_by_s in allowances
    )
    return Account(household, row[0], states, row[1], use(sql, known_int(sql, "acknowledged"), household))


def use(sql: sqlite3.Connection, since: int, household: int | None = None) -> Use:
    """Purchases and credit from sequence `since` on, of one household or of all."""
    whose = "" if household is None else " AND household = :household"
    row = sql.execute(
        f"SELECT count(*), coalesce(sum(credit_rial), 0) FROM purchase WHERE sequence >= :since{whose}",  # noqa: S608 -- two fixed texts
        {"since": since, "household": household},
    ).fetchone()
    return Use(*row)


def send_by_s(sql: sqlite3.Connection, since: int) -> int | None:
    """The earliest deadline among what households with purchases from `since` on have spent of; None without any."""
    deadline_s: int | None = sql.execute(
        "SELECT min(present_by_s) FROM allowance WHERE left_rial < amount_rial"
        " AND household IN (SELECT household FROM purchase WHERE sequence >= ?)",
        (since,),
    ).fetchone()[0]
    return deadline_s


def last_purchase(sql: sqlite3.Connection) -> int | None:
    """The sequence of the last purchase, voided or not."""
    sequence: int | None = sql.execute("SELECT max(sequence) FROM purchase").fetchone()[0]
    return sequence


def codes(sql: sqlite3.Connection, household: int) -> Codes:
    """The household's unused one-time codes."""
    salt = sql.execute("SELECT code_salt FROM household WHERE number = ?", (household,)).fetchone()
    rows = sql.execute("SELECT hash FROM code WHERE household = ? AND NOT used", (household,))
    return Codes(b"" if salt is None else salt[0], tuple(row[0] for row in rows))


def product(sql: sqlite3.Connection, gtin: int) -> Product | None:
    """The approved product with this GTIN."""
    row = sql.execute("SELECT good, name, unit FROM product WHERE gtin = ?", (gtin,)).fetchone()
    return None if row is None else Product(gtin=gtin, good=row[0], name=row[1], unit=Unit(row[2]))


def price(sql: sqlite3.Connection, good: int, gtin: int, unit: Unit) -> int | None:
    """The shop's own price in rial, per kilogram for gram."""
    row = sql.execute(
        "SELECT price_rial FROM price WHERE good = ? AND gtin = ? AND unit = ?", (good, gtin, int(unit))
    ).fetchone()
    return None if row is None else row[0]


def open_left(sql: sqlite3.Connection, allowances: Iterable[int], now_s: int) -> OpenLeft:
    """What is left of those allowances that are still open here."""
    left = {}
    for number in allowances:
        row = sql.execute(
            "SELECT left_rial FROM allowance WHERE number = ? AND NOT returned AND authorize_until_s >= ?",
            (number, now_s),
        ).fetchone()
        if row is not None:
            left[number] = row[0]
    return OpenLeft(left)


def closed_locks(sql: sqlite3.Connection) -> tuple[mail.Lock, ...]:
    """Locks whose announcement has not reached this till."""
    return _locks(sql, "NOT EXISTS")


def open_locks(sql: sqlite3.Connection) -> tuple[mail.Lock, ...]:
    """Locks that an announcement has opened here."""
    return _locks(sql, "EXISTS")


def _locks(sql: sqlite3.Connection, whether: str) -> tuple[mail.Lock, ...]:
    rows = sql.execute(
        f"SELECT tranche, cohort, salt, lock FROM lock WHERE {whether} (SELECT 1 FROM release"  # noqa: S608 -- two fixed texts
        " WHERE release.tranche = lock.tranche AND release.cohort = lock.cohort)"
    )
    return tuple(mail.Lock(tranche=t, cohort=c, salt=salt, lock=lock) for t, c, salt, lock in rows)


def first_of_day(sql: sqlite3.Connection) -> int:
    """The sequence after the last Z."""
    row = sql.execute("SELECT max(sequence) FROM closing WHERE closing = ?", (int(ClosingKind.Z),)).fetchone()
    return 0 if row[0] is None else row[0] + 1


def unclean_starts(sql: sqlite3.Connection, from_sequence: int) -> int:
    """Starts from `from_sequence` on that came after a power cut."""
    rows = sql.execute(
        "SELECT payload FROM entry WHERE sequence >= ? AND kind = ?", (from_sequence, int(EntryKind.BOOTED))
    )
    facts = (Payload.from_cbor(payload).public for (payload,) in rows)
    return sum(isinstance(fact, Booted) and not fact.clean for fact in facts)


def closings(sql: sqlite3.Connection) -> dict[ClosingKind, int]:
    """The last number of each kind of closing."""
    rows = sql.execute("SELECT closing, max(number) FROM closing GROUP BY closing")
    return {ClosingKind.X: 0, ClosingKind.Z: 0} | {ClosingKind(kind): number for kind, number in rows}


def day_totals(sql: sqlite3.Connection) -> DayTotals:
    """Sums since the last Z."""
    first = first_of_day(sql)
    totals: list[int] = []
    for table, columns, condition in (
        ("purchase", "count(*), coalesce(sum(credit_rial), 0), coalesce(sum(own_rial), 0)", ""),
        ("cash_sale", "count(*), coalesce(sum(total_rial), 0)", ""),
        ("reversal", "count(*), coalesce(sum(credit_rial), 0), coalesce(sum(own_rial), 0)", "AND void"),
        ("reversal", "count(*), coalesce(sum(credit_rial), 0), coalesce(sum(own_rial), 0)", "AND NOT void"),
        ("decline", "count(*)", ""),
    ):
        query = f"SELECT {columns} FROM {table} WHERE sequence >= ? {condition}"  # noqa: S608 -- texts of the table above
        totals.extend(sql.execute(query, (first,)).fetchone())
    return DayTotals(first, *totals)


def has_sold_for_cash(sql: sqlite3.Connection) -> bool:
    """Whether there was a cash sale, on whichever day."""
    return bool(sql.execute("SELECT EXISTS (SELECT 1 FROM cash_sale)").fetchone()[0])


def last_printable(sql: sqlite3.Connection) -> int | None:
    """The sequence of the last entry that owes a slip."""
    marks = ", ".join("?" * len(PRINTABLE))
    row = sql.execute(
        f"SELECT sequence FROM entry WHERE kind IN ({marks}) ORDER BY sequence DESC LIMIT 1",  # noqa: S608 -- only marks
        [int(kind) for kind in PRINTABLE],
    ).fetchone()
    return None if row is None else row[0]
