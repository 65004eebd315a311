"""Judges the entries of a chain one after the other, stores each with its verdict, and books what is accepted.

Owns the tables entry, purchase, reversal, opening and observation. An entry that is refused moves no money; it is
stored all the same and the chain goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central import mailbox
from sync.central.chains import closings, dossier, papers, verification
from sync.central.chains.evidence import Standing
from sync.central.chains.verification import ACCEPTED, Ruling
from sync.central.config import CLOCK_SKEW_S
from sync.central.credit.allowances import give_back
from sync.central.mailing.briefing import device_row
from sync.central.money import ledger
from sync.wire import facts
from sync.wire.kinds import ClosingKind, EntryKind, MailKind, Verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from sync.wire.entry import Entry, EntryBytes
    from sync.wire.facts import Leg


def take(database: sqlite3.Connection, entry: Entry, *, arrived_s: int) -> Ruling:
    """Judge the next entry of its chain, store it, and book it if it is accepted: once, whether paper or line came first."""
    device = device_row(database, entry.device)
    paper = papers.kept(database, entry.device, entry.sequence)
    if paper is not None and paper.is_booked:
        return _take_after_paper(database, entry, paper, arrived_s=arrived_s)
    ruling = _judge(database, device, entry, arrived_s)
    keep(
        database,
        entry.device,
        entry.sequence,
        entry.hash,
        entry.stored,
        ruling,
        kind=entry.kind,
        arrived_s=arrived_s,
    )
    _project(database, entry, ruling)
    if ruling is ACCEPTED:
        book = _BOOKINGS.get(type(entry.fact))
        if book is not None:
            book(database, entry, arrived_s)
    return ruling


def take_from_paper(database: sqlite3.Connection, entry: Entry, *, arrived_s: int) -> None:
    """Book what a receipt proves of an entry that has no place in the chain, and was accepted."""
    _project(database, entry, ACCEPTED)
    _BOOKINGS[type(entry.fact)](database, entry, arrived_s)


def _take_after_paper(
    database: sqlite3.Connection, entry: Entry, paper: papers.Paper, *, arrived_s: int
) -> Ruling:
    """The entry of a receipt that was booked: it is stored and moves nothing. Another one in its place is a fork."""
    ruling = ACCEPTED
    if paper.hash != entry.hash:
        ruling = Ruling(Verdict.FORK, "a receipt that was booked bears another entry of this number")
        database.execute(
            "UPDATE device SET suspended_from = COALESCE(suspended_from, ?), suspended_why = COALESCE(suspended_why, ?)"
            " WHERE number = ?",
            (entry.sequence, f"fork at entry {entry.sequence}", entry.device),
        )
    keep(
        database, entry.device, entry.sequence, entry.hash, entry.stored, ruling, kind=entry.kind, arrived_s=arrived_s
    )  # fmt: skip
    return ruling


def keep(
    database: sqlite3.Connection,
    device: int,
    sequence: int,
    hash_: bytes,
    stored: EntryBytes | None,
    ruling: Ruling,
    *,
    kind: EntryKind | None,
    arrived_s: int,
) -> None:
    """Give an entry its place in the chain, whatever its verdict. Nothing stored is a hole."""
    parts = (
        (None,) * 4 if stored is None else (stored.payload, stored.lines, stored.private, stored.signature)
    )
    database.execute(
        "INSERT INTO entry (device, sequence, kind, hash, payload, lines, private, signature, arrived_s, verdict, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (device, sequence, kind, hash_, *parts, arrived_s, int(ruling.verdict), ruling.reason),
    )
    database.execute("UPDATE device SET held = ?, head = ? WHERE number = ?", (sequence + 1, hash_, device))


def _judge(database: sqlite3.Connection, device: sqlite3.Row, entry: Entry, arrived_s: int) -> Ruling:
    standing = Standing(suspended_from=device["suspended_from"], arrived_s=arrived_s, skew_s=CLOCK_SKEW_S)
    ruling = verification.judge_standing(entry, standing)
    if ruling is ACCEPTED:
        ruling = verification.judge_enrolled(entry, credential_hash=device["credential_hash"])
    return _judge_fact(database, device, entry, arrived_s) if ruling is ACCEPTED else ruling


def _judge_fact(database: sqlite3.Connection, device: sqlite3.Row, entry: Entry, arrived_s: int) -> Ruling:
    match entry.fact:
        case facts.Purchase():
            view = dossier.purchase_view(database, device, entry, arrived_s=arrived_s)
            return verification.judge_purchase(entry, view)
        case facts.Void() as void:
            return verification.judge_void(void, dossier.original_view(database, device, void.purchase))
        case facts.Refund() as refund:
            return verification.judge_refund(refund, dossier.original_view(database, device, refund.purchase))
        case facts.Announcement() as announcement:
            cohorts = [group.cohort for group in announcement.groups]
            proofs, announced_at_s = dossier.announcement_proofs(
                database, entry.device, announcement.tranche, cohorts
            )
            return verification.judge_announcement(
                announcement, proofs, announced_at_s=announced_at_s, arrived_s=arrived_s
            )
        case facts.MailApplied() as applied:
            head = mailbox.hash_of(database, entry.device, applied.last)
            return verification.judge_mail_applied(applied, before=device["applied_mail"], head=head)
        case facts.AllowanceGivenBack() as back:
            named = (leg.allowance for leg in back.legs)
            recalled = dossier.allowance_views(database, entry.device, named, recalled_only=True)
            return verification.judge_give_back(back, recalled)
        case _:
            return ACCEPTED


def _project(database: sqlite3.Connection, entry: Entry, ruling: Ruling) -> None:
    fact = entry.fact
    if isinstance(fact, facts.Purchase):
        household = None if entry.private is None else entry.private.household
        database.execute(
            "INSERT INTO purchase (device, sequence, household, credit_rial, own_rial, accepted) VALUES (?, ?, ?, ?, ?, ?)",
            (entry.device, entry.sequence, household, fact.credit_rial, fact.own_rial, ruling is ACCEPTED),
        )
    elif isinstance(fact, facts.Void | facts.Refund):
        database.execute(
            "INSERT INTO reversal VALUES (?, ?, ?)", (entry.device, entry.sequence, fact.purchase)
        )


def _book_purchase(database: sqlite3.Connection, entry: Entry, arrived_s: int) -> None:
    assert isinstance(entry.fact, facts.Purchase), "by the table"
    _pay(database, entry, entry.fact.legs, sign=1, reason="purchase", arrived_s=arrived_s)
    digits = dossier.code_digits(database, entry)
    if digits is not None and entry.private is not None and entry.private.proof is None:
        database.execute(
            "UPDATE code SET used_by = ? WHERE household = ? AND device = ? AND digits = ?",
            (entry.sequence, entry.private.household, entry.device, digits),
        )


def _book_void(database: sqlite3.Connection, entry: Entry, arrived_s: int) -> None:
    assert isinstance(entry.fact, facts.Void), "by the table"
    _pay(database, entry, entry.fact.legs, sign=-1, reason="void", arrived_s=arrived_s)
    database.execute(
        "UPDATE purchase SET voided = 1 WHERE device = ? AND sequence = ?",
        (entry.device, entry.fact.purchase),
    )


def _book_refund(database: sqlite3.Connection, entry: Entry, arrived_s: int) -> None:
    assert isinstance(entry.fact, facts.Refund), "by the table"
    _pay(database, entry, entry.fact.legs, sign=-1, reason="refund", arrived_s=arrived_s)


def _pay(
    database: sqlite3.Connection, entry: Entry, legs: Sequence[Leg], *, sign: int, reason: str, arrived_s: int
) -> None:
    """Move the legs from reserved credit to the shop, or back with sign -1. What has closed is paid from
    what is free, and from what has expired where that is not enough.
    """
    shop = ledger.shop(device_row(database, entry.device)["shop"])
    movements = []
    claimed_rial: dict[tuple[int, int], int] = {}
    for leg in legs:
        row = database.execute(
            "UPDATE allowance SET left_rial = left_rial - ? WHERE number = ? RETURNING household, tranche, closed_at_s",
            (sign * leg.amount_rial, leg.allowance),
        ).fetchone()
        own = row["household"], row["tranche"]
        if row["closed_at_s"] is None:
            source = ledger.reserved(*own)
        else:
            source = ledger.free(*own)
            claimed_rial[own] = claimed_rial.get(own, 0) + sign * leg.amount_rial
        movements += [(source, -sign * leg.amount_rial), (shop, sign * leg.amount_rial)]
    for own, amount_rial in claimed_rial.items():
        _revive(database, *own, amount_rial, now_s=arrived_s)
    cause = ledger.Cause(entry.device, entry.sequence)
    ledger.post(database, movements, at_s=arrived_s, reason=reason, cause=cause)


def _revive(
    database: sqlite3.Connection, household: int, tranche: int, wanted_rial: int, *, now_s: int
) -> None:
    """Free so much of the expired credit as a late entry claims beyond what is free."""
    free = ledger.free(household, tranche)
    short_rial = wanted_rial - ledger.balance_rial(database, free)
    if short_rial > 0:
        movements = [(ledger.expired(household, tranche), -short_rial), (free, short_rial)]
        ledger.post(database, movements, at_s=now_s, reason="claimed late")


def _book_announcement(database: sqlite3.Connection, entry: Entry, _arrived_s: int) -> None:
    assert isinstance(entry.fact, facts.Announcement), "by the table"
    for group in entry.fact.groups:
        _open(database, entry, entry.fact.tranche, group.cohort)


def _book_mail(database: sqlite3.Connection, entry: Entry, _arrived_s: int) -> None:
    applied = entry.fact
    assert isinstance(applied, facts.MailApplied), "by the table"
    database.execute("UPDATE device SET applied_mail = ? WHERE number = ?", (applied.last, entry.device))
    for row in database.execute(
        "SELECT document AS tranche, cohort FROM mail JOIN release ON release.tranche = document"
        " WHERE device = ? AND mail.number <= ? AND kind = ? AND announced_at_s IS NOT NULL",
        (entry.device, applied.last, int(MailKind.ANNOUNCEMENT)),
    ).fetchall():
        _open(database, entry, row["tranche"], row["cohort"])


def _open(database: sqlite3.Connection, entry: Entry, tranche: int, cohort: int) -> None:
    database.execute(
        "INSERT OR IGNORE INTO opening VALUES (?, ?, ?, ?)", (entry.device, tranche, cohort, entry.sequence)
    )


def _book_give_back(database: sqlite3.Connection, entry: Entry, arrived_s: int) -> None:
    assert isinstance(entry.fact, facts.AllowanceGivenBack), "by the table"
    for leg in entry.fact.legs:
        give_back(database, leg.allowance, leg.amount_rial, now_s=arrived_s)


def _book_closing(database: sqlite3.Connection, entry: Entry, _arrived_s: int) -> None:
    closing = entry.fact
    assert isinstance(closing, facts.Closing), "by the table"
    for text in closings.differences(database, entry.device, entry.sequence, closing):
        database.execute(
            "INSERT INTO observation (device, sequence, text) VALUES (?, ?, ?)",
            (entry.device, entry.sequence, text),
        )
    if closing.closing == ClosingKind.Z:
        database.execute("UPDATE device SET last_z = ? WHERE number = ?", (entry.sequence, entry.device))


def _book_outage(database: sqlite3.Connection, entry: Entry, _arrived_s: int) -> None:
    opened = isinstance(entry.fact, facts.OutageOpened)
    database.execute("UPDATE device SET outage = ? WHERE number = ?", (opened, entry.device))


_BOOKINGS: dict[type[facts.Fact], Callable[[sqlite3.Connection, Entry, int], None]] = {
    facts.Purchase: _book_purchase,
    facts.Void: _book_void,
    facts.Refund: _book_refund,
    facts.Announcement: _book_announcement,
    facts.MailApplied: _book_mail,
    facts.AllowanceGivenBack: _book_give_back,
    facts.Closing: _book_closing,
    facts.OutageOpened: _book_outage,
    facts.OutageClosed: _book_outage,
}
