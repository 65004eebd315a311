"""How an item of mail moves the projections; called inside the transaction that stores it, and at a rebuild.

A household in mail replaces what was known of it, save its PIN failures while its cards stay the same, and codes that were
used here: those stay used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firmware.journal import tellings
from firmware.journal.entry_projections import put
from firmware.journal.questions import known
from sync.wire.catalog import CONTEXT as CATALOG_CONTEXT
from sync.wire.catalog import Catalog
from sync.wire.document import whole_message
from sync.wire.kinds import MailKind, Role
from sync.wire.policy import CONTEXT as POLICY_CONTEXT
from sync.wire.policy import Policy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sync.wire import mail
    from sync.wire.credential import TrustedKeys
    from sync.wire.mail import Mail


def project_mail(sql: sqlite3.Connection, item: Mail, trusted: TrustedKeys) -> None:
    """Move the projections. Raises: Malformed, NotAuthentic, when a document inside does not hold."""
    put(sql, "mail_issued_s", item.issued_s)
    tellings.keep_notice(sql, item)
    if item.kind is MailKind.POLICY:
        _policy(sql, item.body, trusted)
    elif item.kind is MailKind.CATALOG:
        _catalog(sql, item.body, trusted)
    elif item.kind in _MOVES:
        _MOVES[item.kind](sql, item.body)


def open_policy(message: bytes, trusted: TrustedKeys) -> Policy:
    """The policy in a signed document. Raises: Malformed, NotAuthentic."""
    return Policy.from_cbor(trusted.verify(message, Role.POLICY, context=POLICY_CONTEXT, what="policy"))


def _policy(sql: sqlite3.Connection, body: Any, trusted: TrustedKeys) -> None:
    message = _whole(sql, "policy", body)
    open_policy(message, trusted)
    put(sql, "policy", message)


def _catalog(sql: sqlite3.Connection, body: Any, trusted: TrustedKeys) -> None:
    message = _whole(sql, "catalog", body)
    payload = trusted.verify(message, Role.POLICY, context=CATALOG_CONTEXT, what="approved product list")
    catalog = Catalog.from_cbor(payload)
    sql.execute("DELETE FROM product")
    sql.executemany(
        "REPLACE INTO product VALUES (?, ?, ?, ?)",
        [(p.gtin, p.good, p.name, int(p.unit)) for p in catalog.products],
    )
    put(sql, "catalog_version", catalog.version)
    put(sql, "catalog", message)


def _whole(sql: sqlite3.Connection, name: str, body: Any) -> bytes:
    """The signed message, which mail may bring as what changed since the one that is known by `name`."""
    earlier = known(sql, name) if body.changes is not None else None
    return whole_message(body, earlier if isinstance(earlier, bytes) else None, where=name)


def _households(sql: sqlite3.Connection, body: mail.Households) -> None:
    for household in body.households:
        _household(sql, household)


def _household(sql: sqlite3.Connection, household: mail.Household) -> None:
    number = household.household
    cards = {(card.number, card.key_check) for card in household.cards}
    known = _cards(sql, "SELECT number, key_check FROM card WHERE household = ?", number)
    good = _cards(sql, "SELECT number, key_check FROM card WHERE household = ? AND NOT revoked", number)
    sql.execute(
        "INSERT INTO household VALUES (?, ?, ?, ?, 0) ON CONFLICT (number) DO UPDATE SET"
        " cohort = excluded.cohort, tag = excluded.tag, code_salt = excluded.code_salt",
        (number, household.cohort, household.tag, household.code_salt),
    )
    if not good <= cards <= known:
        sql.execute("UPDATE household SET pin_failures = 0 WHERE number = ?", (number,))
        sql.execute("DELETE FROM card WHERE household = ? AND NOT revoked", (number,))
        sql.executemany(
            "INSERT OR IGNORE INTO card VALUES (?, ?, ?, 0)", [(card, number, check) for card, check in cards]
        )
    sql.execute("DELETE FROM code WHERE household = ? AND NOT used", (number,))
    sql.executemany(
        "INSERT OR IGNORE INTO code VALUES (?, ?, 0)", [(number, hash_) for hash_ in household.code_hashes]
    )


def _cards(sql: sqlite3.Connection, query: str, household: int) -> set[tuple[int, bytes]]:
    return set(sql.execute(query, (household,)))


def _allowances(sql: sqlite3.Connection, body: mail.Allowances) -> None:
    sql.executemany(
        "INSERT OR IGNORE INTO allowance VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        [
            (
                a.household,
                a.number,
                a.tranche,
                a.amount_rial,
                a.amount_rial,
                a.opens_at_s,
                a.authorize_until_s,
                a.present_by_s,
            )
            for a in body.allowances
        ],
    )


def _locks(sql: sqlite3.Connection, body: mail.Locks) -> None:
    sql.executemany(
        "REPLACE INTO lock VALUES (?, ?, ?, ?)",
        [(lk.tranche, lk.cohort, lk.salt, lk.lock) for lk in body.locks],
    )


def _announcement(sql: sqlite3.Connection, body: mail.AnnouncementNotice) -> None:
    sql.executemany(
        "INSERT OR IGNORE INTO release VALUES (?, ?)", [(body.tranche, cohort) for cohort in body.cohorts]
    )


def _revocation(sql: sqlite3.Connection, body: mail.Revocation) -> None:
    sql.executemany("UPDATE card SET revoked = 1 WHERE number = ?", [(number,) for number in body.cards])


def _verdicts(sql: sqlite3.Connection, body: mail.Verdicts) -> None:
    accepted = range(body.first, body.last + 1)
    sql.executemany("REPLACE INTO verdict VALUES (?, 0)", [(sequence,) for sequence in accepted])
    sql.executemany(
        "REPLACE INTO verdict VALUES (?, ?)", [(v.sequence, int(v.verdict)) for v in body.exceptions]
    )


def _shop(sql: sqlite3.Connection, body: mail.Shop) -> None:
    put(sql, "shop", body.to_cbor())


def _credential(sql: sqlite3.Connection, body: mail.Renewal) -> None:
    put(sql, "credential", body.to_cbor())


_MOVES: dict[MailKind, Callable[[sqlite3.Connection, Any], None]] = {
    MailKind.HOUSEHOLDS: _households,
    MailKind.ALLOWANCES: _allowances,
    MailKind.LOCKS: _locks,
    MailKind.ANNOUNCEMENT: _announcement,
    MailKind.REVOCATION: _revocation,
    MailKind.VERDICTS: _verdicts,
    MailKind.SHOP: _shop,
    MailKind.CREDENTIAL: _credential,
}
