"""What an item of mail that a device returned means to a restored center: everything that was done when it was written.

Each effect is idempotent, and what cannot be restored is an observation that names it. Nothing here judges entries.
Owns the tables told_before and returned_settlement.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sync.central.credit import allotments, scheme
from sync.central.mailing import documents
from sync.central.mailing.briefing import device_row
from sync.central.money import ledger
from sync.wire import catalog, cose, credential, policy
from sync.wire.kinds import MailKind, Role, Verdict
from sync.wire.mail import (
    Allowance,
    Allowances,
    AnnouncementNotice,
    Body,
    Households,
    Locks,
    Mail,
    Recall,
    Renewal,
    Revocation,
    Settlement,
    Shop,
    SignedDocument,
    Verdicts,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sync.central.keys import Keys


def observe(database: sqlite3.Connection, device: int, sequence: int, text: str) -> None:
    """Tell the people behind the center."""
    database.execute(
        "INSERT INTO observation (device, sequence, text) VALUES (?, ?, ?)", (device, sequence, text)
    )


def document_of(database: sqlite3.Connection, device: int, item: Mail) -> int | None:
    """The number by which the mailbox finds an item again."""
    match item.body:
        case SignedDocument():
            message = documents.message_in(database, device, item)
            payload = cose.parse(message, what="document").payload
            kind = policy.Policy if item.kind is MailKind.POLICY else catalog.Catalog
            return int(kind.from_cbor(payload).version)
        case AnnouncementNotice():
            return item.body.tranche
        case Locks() if item.body.locks:
            return item.body.locks[0].tranche
        case _:
            return None


def take(database: sqlite3.Connection, keys: Keys, device: int, item: Mail) -> None:
    """Let an item that was just put back take effect."""
    # It was heard of then at the latest: what was sold by its policy was not too old.
    database.execute(
        "UPDATE device SET heard_at_s = MAX(heard_at_s, ?) WHERE number = ?", (item.issued_s, device)
    )
    _EFFECTS[type(item.body)](database, keys, device, item)


def _allowances(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    assert isinstance(item.body, Allowances), "by the table"
    for one in item.body.allowances:
        _reserve(database, device, one, now_s=item.issued_s)


def _recall(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    assert isinstance(item.body, Recall), "by the table"
    database.executemany(
        "UPDATE allowance SET recalled_at_s = COALESCE(recalled_at_s, ?) WHERE number = ? AND device = ?",
        [(item.issued_s, number, device) for number in item.body.allowances],
    )


def _households(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    assert isinstance(item.body, Households), "by the table"
    database.executemany(
        "INSERT OR REPLACE INTO told_household VALUES (?, ?, ?)",
        [(device, one.household, hashlib.sha256(one.to_cbor()).digest()) for one in item.body.households],
    )


def _announcement(database: sqlite3.Connection, _: Keys, __: int, item: Mail) -> None:
    assert isinstance(item.body, AnnouncementNotice), "by the table"
    database.execute(
        "UPDATE release SET announced_at_s = COALESCE(announced_at_s, ?) WHERE tranche = ?",
        (item.issued_s, item.body.tranche),
    )


def _shop(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    database.execute("UPDATE device SET shop_mailed = ? WHERE number = ?", (item.body.to_cbor(), device))


def _reserve(database: sqlite3.Connection, device: int, one: Allowance, *, now_s: int) -> None:
    known = database.execute("SELECT device FROM allowance WHERE number = ?", (one.number,)).fetchone()
    if known is not None:
        if known["device"] != device:
            observe(
                database, device, 0, f"allowance {one.number} was given to device {known['device']} as well"
            )
        return
    tranche = _credit_again(database, one, now_s=now_s)
    free = ledger.free(one.household, one.tranche)
    covered_rial = min(one.amount_rial, max(0, ledger.balance_rial(database, free)))
    if covered_rial < one.amount_rial:
        observe(
            database, device, 0,
            f"allowance {one.number} of household {one.household}, tranche {one.tranche}: {one.amount_rial} rial were"
            f" given out, {covered_rial} are there",
        )  # fmt: skip
    if not covered_rial or tranche is None:
        return
    cohort, second_deadline_s = tranche
    database.execute(
        "INSERT INTO allowance (number, device, household, tranche, cohort, amount_rial, left_rial, opens_at_s,"
        " authorize_until_s, present_by_s, second_deadline_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.number, device, one.household, one.tranche, cohort, covered_rial, covered_rial, one.opens_at_s,
            one.authorize_until_s, one.present_by_s, second_deadline_s,
        ),
    )  # fmt: skip
    movements = [(free, -covered_rial), (ledger.reserved(one.household, one.tranche), covered_rial)]
    ledger.post(database, movements, at_s=now_s, reason="reserved again")


def _credit_again(database: sqlite3.Connection, one: Allowance, *, now_s: int) -> tuple[int, int] | None:
    """The tranche's cohort and second deadline for this household, which is allotted its due if that was lost. None where the
    household or its tranche is unknown now.
    """
    household = database.execute("SELECT * FROM household WHERE number = ?", (one.household,)).fetchone()
    if household is None:
        return None
    for row in database.execute("SELECT message FROM policy ORDER BY version DESC"):
        rules = scheme.opened_policy(row["message"])
        cohort = rules.cohort_of(decile=household["decile"], supported=bool(household["supported"]))
        tranche = None if cohort is None else rules.tranche(one.tranche, cohort.number)
        if tranche is not None:
            allotments.allot_one(database, household, tranche, policy=rules.version, now_s=now_s)
            return tranche.cohort, one.authorize_until_s + rules.second_deadline_s
    return None


def _verdicts(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    body = item.body
    assert isinstance(body, Verdicts), "by the table"
    verdicts = dict.fromkeys(range(body.first, body.last + 1), Verdict.ACCEPTED)
    verdicts |= {one.sequence: one.verdict for one in body.exceptions}
    database.executemany(
        "INSERT OR REPLACE INTO told_before VALUES (?, ?, ?, ?)",
        [(device, sequence, int(verdict), item.issued_s) for sequence, verdict in verdicts.items()],
    )
    database.execute(
        "UPDATE device SET told = MAX(told, ?), acknowledged = MAX(acknowledged, ?) WHERE number = ?",
        (body.last + 1, body.last + 1, device),
    )


def _settlement(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    body, made_s = item.body, item.issued_s
    assert isinstance(body, Settlement), "by the table"
    known = database.execute("SELECT device FROM settlement WHERE number = ?", (body.number,)).fetchone()
    if known is not None:
        if known["device"] != device:
            observe(
                database,
                device,
                body.last,
                f"settlement {body.number} was made for device {known['device']} as well",
            )
        return
    shop = device_row(database, device)["shop"]
    database.execute(
        "INSERT INTO settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            body.number, shop, device, body.day_s, body.purchases, body.amount_rial, body.last, made_s, body.pay_by_s
        ),
    )  # fmt: skip
    database.execute("INSERT INTO returned_settlement VALUES (?)", (body.number,))
    movements = [(ledger.shop(shop), -body.amount_rial), (ledger.paid(shop), body.amount_rial)]
    ledger.post(database, movements, at_s=made_s, reason=f"settlement {body.number}")


def cover(database: sqlite3.Connection, device: int) -> None:
    """What a returned settlement has paid is not settled once more."""
    database.execute(
        "UPDATE posting SET settlement = (SELECT MIN(number) FROM settlement JOIN returned_settlement USING (number)"
        "  WHERE settlement.device = posting.device AND posting.sequence <= last)"
        " WHERE device = ? AND settlement IS NULL AND EXISTS (SELECT 1 FROM settlement JOIN returned_settlement"
        "  USING (number) WHERE settlement.device = posting.device AND posting.sequence <= last)",
        (device,),
    )


def told_before(database: sqlite3.Connection, device: int, sequence: int) -> tuple[Verdict, int] | None:
    """The verdict that was told of an entry before the store was restored, and when."""
    row = database.execute(
        "SELECT verdict, told_s FROM told_before WHERE device = ? AND sequence = ?", (device, sequence)
    ).fetchone()
    return None if row is None else (Verdict(row["verdict"]), row["told_s"])


def _document(database: sqlite3.Connection, keys: Keys, device: int, item: Mail) -> None:
    message = documents.message_in(database, device, item)
    if item.kind is MailKind.POLICY:
        table, context = "policy", policy.CONTEXT
        rules = policy.Policy.from_cbor(
            keys.trusted.verify(message, Role.POLICY, context=context, what=table)
        )
        version = rules.version
        database.execute(
            "INSERT OR IGNORE INTO policy (version, phase, valid_from_s, loaded_at_s, message) VALUES (?, ?, ?, ?, ?)",
            (version, rules.phase, rules.valid_from_s, item.issued_s, message),
        )
    else:
        table, context = "catalog", catalog.CONTEXT
        version = catalog.Catalog.from_cbor(
            keys.trusted.verify(message, Role.POLICY, context=context, what=table)
        ).version
        database.execute("INSERT OR IGNORE INTO catalog VALUES (?, ?, ?)", (version, item.issued_s, message))
    held = database.execute(f"SELECT message FROM {table} WHERE version = ?", (version,)).fetchone()  # noqa: S608 -- one of two words
    if held["message"] != message:
        observe(database, device, 0, f"{table} {version} was loaded anew, otherwise than the device was told")


def _revocation(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    assert isinstance(item.body, Revocation), "by the table"
    for card in item.body.cards:
        database.execute(
            "UPDATE card SET revoked_at_s = COALESCE(revoked_at_s, ?) WHERE number = ?", (item.issued_s, card)
        )
        database.execute("INSERT OR IGNORE INTO revoked_card VALUES (?, ?, ?)", (device, card, item.number))


def _renewal(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    body = item.body
    assert isinstance(body, Renewal), "by the table"
    payload = cose.parse(body.credential, what="credential").payload
    database.execute(
        "UPDATE device SET renewed = ?, slim = ?, until_s = ? WHERE number = ?",
        (body.credential, body.slim, credential.Credential.from_cbor(payload).until_s, device),
    )


def _locks(database: sqlite3.Connection, _: Keys, device: int, item: Mail) -> None:
    assert isinstance(item.body, Locks), "by the table"
    for lock in item.body.locks:
        known = database.execute(
            "SELECT 1 FROM release WHERE tranche = ? AND cohort = ?", (lock.tranche, lock.cohort)
        ).fetchone()
        if known is None:
            observe(
                database, device, 0,
                f"the code of tranche {lock.tranche} for cohort {lock.cohort} was lost: announce it by mail",
            )  # fmt: skip


_EFFECTS: dict[type[Body], Callable[[sqlite3.Connection, Keys, int, Mail], None]] = {
    Allowances: _allowances,
    Recall: _recall,
    Verdicts: _verdicts,
    Settlement: _settlement,
    SignedDocument: _document,
    Households: _households,
    AnnouncementNotice: _announcement,
    Revocation: _revocation,
    Shop: _shop,
    Renewal: _renewal,
    Locks: _locks,
}
