"""Tells a device everything that it does not know yet: shop, rules, list, locks, announcements, households, allowances.

Running it again mails only what changed. Owns the table told_household.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from sync.central.credit import allowances, codes, people
from sync.central.errors import Unknown
from sync.central.mailbox import Mailbox
from sync.central.mailing import documents
from sync.wire import mail
from sync.wire.kinds import MailKind
from sync.wire.proof import key_check, national_id_tag, tag_key

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Keys
    from sync.wire.policy import Policy


class Briefed(NamedTuple):
    """What was mailed to one device. Amount in rial."""

    households: int
    allowances: int
    amount_rial: int


def device_row(database: sqlite3.Connection, device: int) -> sqlite3.Row:
    """A device. Raises: Unknown."""
    row: sqlite3.Row | None = database.execute("SELECT * FROM device WHERE number = ?", (device,)).fetchone()
    if row is None:
        raise Unknown(f"device {device} is not enrolled")
    return row


def device_numbers(database: sqlite3.Connection) -> list[int]:
    """All devices."""
    return [row["number"] for row in database.execute("SELECT number FROM device ORDER BY number")]


def brief_documents(database: sqlite3.Connection, device: int, keys: Keys, *, now_s: int) -> None:
    """Mail shop, policy and product list, each if it is new to the device."""
    mailbox = Mailbox(database, device, keys, now_s=now_s)
    _brief_shop(database, device, mailbox)
    for kind, table in ((MailKind.POLICY, "policy WHERE NOT rolled_back"), (MailKind.CATALOG, "catalog")):
        newest = database.execute(
            f"SELECT version, message FROM {table} ORDER BY version DESC LIMIT 1"  # noqa: S608 -- one of two words
        ).fetchone()
        if newest is not None and not mailbox.has(kind, newest["version"]):
            body = documents.document_for(database, device, kind, newest["message"])
            mailbox.append(body, kind=kind, document=newest["version"])


def brief_credit(
    database: sqlite3.Connection, device: int, policy: Policy, keys: Keys, *, now_s: int
) -> Briefed:
    """Mail locks, announcements, households and new allowances, which are reserved here."""
    mailbox = Mailbox(database, device, keys, now_s=now_s)
    for tranche in sorted({t.number for t in policy.tranches if t.opens_at_s is None}):
        if not mailbox.has(MailKind.LOCKS, tranche):
            mailbox.append(allowances.lock_mail(database, policy, tranche, device=device), document=tranche)
    brief_announcements(database, device, keys, now_s=now_s)
    households = _changed_households(database, device, policy, keys)
    for at in range(0, len(households), allowances.CHUNK):
        mailbox.append(mail.Households(households=tuple(households[at : at + allowances.CHUNK])))
    granted = allowances.grant(database, device, policy, now_s=now_s)
    for at in range(0, len(granted), allowances.CHUNK):
        mailbox.append(mail.Allowances(allowances=tuple(granted[at : at + allowances.CHUNK])))
    return Briefed(len(households), len(granted), sum(allowance.amount_rial for allowance in granted))


def brief_announcements(database: sqlite3.Connection, device: int, keys: Keys, *, now_s: int) -> None:
    """Mail every announcement that was made and not mailed."""
    mailbox = Mailbox(database, device, keys, now_s=now_s)
    cohorts: dict[int, list[int]] = {}
    for row in database.execute(
        "SELECT tranche, cohort FROM release WHERE announced_at_s IS NOT NULL ORDER BY tranche, cohort"
    ):
        cohorts.setdefault(row["tranche"], []).append(row["cohort"])
    for tranche, numbers in cohorts.items():
        if not mailbox.has(MailKind.ANNOUNCEMENT, tranche):
            mailbox.append(mail.AnnouncementNotice(tranche=tranche, cohorts=tuple(numbers)), document=tranche)


def revoke_card(database: sqlite3.Connection, card: int, keys: Keys, *, now_s: int) -> int:
    """Declare a card no longer good and tell all devices; how many. Raises: Unknown."""
    changed = database.execute(
        "UPDATE card SET revoked_at_s = COALESCE(revoked_at_s, ?) WHERE number = ?", (now_s, card)
    )
    if changed.rowcount == 0:
        raise Unknown(f"card {card} was never made")
    devices = device_numbers(database)
    for device in devices:
        number = Mailbox(database, device, keys, now_s=now_s).append(mail.Revocation(cards=(card,)))
        database.execute("INSERT OR IGNORE INTO revoked_card VALUES (?, ?, ?)", (device, card, number))
    return len(devices)


def _brief_shop(database: sqlite3.Connection, device: int, mailbox: Mailbox) -> None:
    row = device_row(database, device)
    shop = people.shop_row(database, row["shop"])
    body = mail.Shop(
        name=shop["name"], place=shop["place"], label_template=shop["label_template"],
        operator_salt=row["operator_salt"], operator_hash=row["operator_hash"],
    )  # fmt: skip
    if row["shop_mailed"] != body.to_cbor():
        mailbox.append(body)
        database.execute("UPDATE device SET shop_mailed = ? WHERE number = ?", (body.to_cbor(), device))


def _changed_households(
    database: sqlite3.Connection, device: int, policy: Policy, keys: Keys
) -> list[mail.Household]:
    row = device_row(database, device)
    key = tag_key(keys.shared_secret(row["exchange_public"]))
    told = {
        row["household"]: row["hash"]
        for row in database.execute("SELECT household, hash FROM told_household WHERE device = ?", (device,))
    }
    changed = []
    for found in database.execute(
        "SELECT * FROM household WHERE shop = ? ORDER BY number", (row["shop"],)
    ).fetchall():
        household = _household(database, found, device, policy, key)
        if household is None:
            continue
        hash_ = hashlib.sha256(household.to_cbor()).digest()
        if told.get(household.household) != hash_:
            changed.append(household)
            database.execute(
                "INSERT OR REPLACE INTO told_household VALUES (?, ?, ?)", (device, found["number"], hash_)
            )
    return changed


def _household(
    database: sqlite3.Connection, row: sqlite3.Row, device: int, policy: Policy, key: bytes
) -> mail.Household | None:
    cohort = policy.cohort_of(decile=row["decile"], supported=bool(row["supported"]))
    if cohort is None:
        return None
    salt, hashes = codes.unused_hashes(database, row["number"], device)
    cards = database.execute(
        "SELECT number, household_key FROM card WHERE household = ? AND revoked_at_s IS NULL ORDER BY number DESC LIMIT 8",
        (row["number"],),
    )
    return mail.Household(
        household=row["number"], cohort=cohort.number, tag=national_id_tag(row["national_id"], key),
        cards=tuple(mail.CardCheck(number=card["number"], key_check=key_check(card["household_key"])) for card in cards),
        code_salt=salt, code_hashes=hashes,
    )  # fmt: skip
