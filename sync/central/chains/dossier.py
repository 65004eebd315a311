"""Collects from the store what verification needs to know of one entry. Reads only.

Entries are judged by what their own chain had applied, not by what the center knows today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central import mailbox
from sync.central.chains.evidence import (
    AllowanceView,
    CodeStanding,
    OriginalView,
    ProofView,
    PurchaseView,
    UseView,
)
from sync.central.credit import scheme
from sync.central.money import ledger
from sync.wire.entry import Payload, PrivatePart, lines_from_bytes
from sync.wire.facts import CodeOutcome, Purchase, Refund
from sync.wire.kinds import EntryKind, MailKind, Verdict
from sync.wire.proof import release_proof
from sync.wire.refunds import returned_by

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sync.wire.entry import Entry
    from sync.wire.facts import Fact


def purchase_view(
    database: sqlite3.Connection, device: sqlite3.Row, entry: Entry, *, arrived_s: int
) -> PurchaseView:
    """What a purchase is judged by."""
    purchase = entry.fact
    assert isinstance(purchase, Purchase), "a purchase is judged as one"
    number, applied = device["number"], device["applied_mail"]
    household = None if entry.private is None else entry.private.household
    known = mailbox.newest_document(database, number, MailKind.POLICY, most=applied) == purchase.policy
    return PurchaseView(
        policy=scheme.policy_of(database, purchase.policy) if known else None,
        policy_heard_s=min(
            device["heard_at_s"], mailbox.issued_s(database, number, applied + 1) or arrived_s
        ),
        floor_s=mailbox.issued_s(database, number, applied) or 0,
        goods=_goods(database, number, purchase.catalog, applied),
        proof=_proof_view(database, device, entry, arrived_s),
        allowances=allowance_views(database, number, (leg.allowance for leg in purchase.legs)),
        openings=openings(database, number),
        household_use=_use(database, device, household),
        device_use=_use(database, device, None),
    )


def allowance_views(
    database: sqlite3.Connection, device: int, numbers: Iterable[int], *, recalled_only: bool = False
) -> dict[int, AllowanceView]:
    """Those of the allowances that are this device's."""
    views = {}
    for number in numbers:
        row = database.execute(
            "SELECT * FROM allowance WHERE number = ? AND device = ?", (number, device)
        ).fetchone()
        if row is None or (
            recalled_only and (row["recalled_at_s"] is None or row["closed_at_s"] is not None)
        ):
            continue
        views[number] = AllowanceView(
            number=number,
            household=row["household"],
            tranche=row["tranche"],
            cohort=row["cohort"],
            left_rial=row["left_rial"],
            opens_at_s=row["opens_at_s"],
            authorize_until_s=row["authorize_until_s"],
            closed=row["closed_at_s"] is not None,
            free_rial=sum(
                ledger.balance_rial(database, account(row["household"], row["tranche"]))
                for account in (ledger.free, ledger.expired)
            ),
        )
    return views


def original_view(database: sqlite3.Connection, device: sqlite3.Row, sequence: int) -> OriginalView | None:
    """The purchase at `sequence` of this chain, with what was reversed of it."""
    row = database.execute(
        "SELECT accepted, voided, payload, lines FROM purchase JOIN entry USING (device, sequence)"
        " WHERE device = ? AND sequence = ? AND payload IS NOT NULL",
        (device["number"], sequence),
    ).fetchone()
    if row is None:
        return None
    purchase = fact_of(row["payload"])
    assert isinstance(purchase, Purchase), "the projection names purchases only"
    return OriginalView(
        purchase=purchase,
        lines=() if row["lines"] is None else lines_from_bytes(row["lines"]),
        accepted=bool(row["accepted"]),
        voided=bool(row["voided"]),
        before_last_z=sequence < device["last_z"],
        returned=returned_by(refunds(database, device["number"], sequence)),
    )


def announcement_proofs(
    database: sqlite3.Connection, device: int, tranche: int, cohorts: Iterable[int]
) -> tuple[dict[int, bytes], int | None]:
    """What the announcement's code gives on this device, by cohort, and when the tranche was announced."""
    rows = [row for cohort in cohorts if (row := scheme.release_row(database, tranche, cohort)) is not None]
    announced_at_s = next((row["announced_at_s"] for row in rows), None)
    return {row["cohort"]: release_proof(row["root"], device=device) for row in rows}, announced_at_s


def openings(database: sqlite3.Connection, device: int) -> frozenset[tuple[int, int]]:
    """Tranche and cohort of everything that announcements opened on a chain."""
    rows = database.execute("SELECT tranche, cohort FROM opening WHERE device = ?", (device,))
    return frozenset((row["tranche"], row["cohort"]) for row in rows)


def fact_of(payload: bytes) -> Fact:
    """The public part of a stored payload."""
    return Payload.from_cbor(payload).public


def code_digits(database: sqlite3.Connection, entry: Entry) -> str | None:
    """The one-time code that an entry stands on: its own, or that of the outcome it names."""
    private = entry.private
    if private is None or private.code_entry is None:
        return None if private is None else private.code
    row = database.execute(
        "SELECT payload, private FROM entry WHERE device = ? AND sequence = ? AND sequence < ? AND kind = ?",
        (entry.device, private.code_entry, entry.sequence, int(EntryKind.CODE_OUTCOME)),
    ).fetchone()
    if row is None or row["private"] is None:
        return None
    outcome, its_private = fact_of(row["payload"]), PrivatePart.from_cbor(row["private"])
    assert isinstance(outcome, CodeOutcome), "the kind says so"
    return its_private.code if outcome.right and its_private.household == private.household else None


def _goods(database: sqlite3.Connection, device: int, version: int, applied: int) -> dict[int, int] | None:
    if (mailbox.newest_document(database, device, MailKind.CATALOG, most=applied) or 0) != version:
        return None
    return scheme.goods_of_catalog(database, version)


def _proof_view(database: sqlite3.Connection, device: sqlite3.Row, entry: Entry, arrived_s: int) -> ProofView:
    private = entry.private
    if private is None or private.household is None:
        return ProofView(None, CodeStanding.NONE)
    row = database.execute(
        "SELECT household_key FROM card WHERE number = ? AND household = ? AND COALESCE(revoked_at_s > ?, 1) AND NOT EXISTS"
        " (SELECT 1 FROM revoked_card WHERE revoked_card.card = card.number AND device = ? AND mail <= ?)",
        (
            private.card,
            private.household,
            device["enrolled_at_s"],
            device["number"],
            device["applied_mail"],
        ),
    ).fetchone()
    return ProofView(
        None if row is None else row["household_key"], _code_standing(database, entry, arrived_s)
    )


def _code_standing(database: sqlite3.Connection, entry: Entry, arrived_s: int) -> CodeStanding:
    assert entry.private is not None, "there is a household"
    if entry.private.code is None and entry.private.code_entry is None:
        return CodeStanding.NONE
    row = database.execute(
        "SELECT given_at_s, used_by FROM code WHERE household = ? AND device = ? AND digits = ?",
        (entry.private.household, entry.device, code_digits(database, entry)),
    ).fetchone()
    if row is None:
        return CodeStanding.UNKNOWN
    if row["given_at_s"] is None or row["given_at_s"] > arrived_s:
        return CodeStanding.NOT_GIVEN_OUT
    return CodeStanding.GOOD if row["used_by"] is None else CodeStanding.USED


def _use(database: sqlite3.Connection, device: sqlite3.Row, household: int | None) -> UseView:
    row = database.execute(
        "SELECT COUNT(*) AS purchases, COALESCE(SUM(credit_rial), 0) AS credit_rial FROM purchase"
        " WHERE device = ? AND sequence >= ? AND accepted AND NOT voided AND (? IS NULL OR household = ?)",
        (device["number"], device["acknowledged"], household, household),
    ).fetchone()
    return UseView(row["purchases"], row["credit_rial"])


def refunds(database: sqlite3.Connection, device: int, purchase: int) -> list[Refund]:
    """The accepted refunds of a purchase that stand in the chain."""
    rows = database.execute(
        "SELECT payload FROM reversal JOIN entry USING (device, sequence)"
        " WHERE device = ? AND purchase = ? AND verdict = ? ORDER BY sequence",
        (device, purchase, int(Verdict.ACCEPTED)),
    )
    return [fact for row in rows if isinstance(fact := fact_of(row["payload"]), Refund)]
