"""The double-entry ledger, in integer rial. Every posting's movements sum to zero; what is posted is never changed.

A positive movement credits the account's owner. The accounts:

    state                     what the state has granted, as a negative balance
    free      household, tr.  credit of a tranche that no device may spend
    reserved  household, tr.  credit that allowances reserve for devices
    shop      shop            owed to the shop for accepted purchases
    paid      shop            ordered to be paid to the shop by settlements
    expired   household, tr.  credit that was not used in time; only what a device had sold before then is paid from it

Owns the tables account, posting and movement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


class Account(NamedTuple):
    """The name of an account. `owner` is a household or shop, 0 where there is one account only."""

    kind: str
    owner: int = 0
    tranche: int = 0


class Cause(NamedTuple):
    """The entry that a posting answers to."""

    device: int
    sequence: int


STATE = Account("state")
HOUSEHOLDS_OWN = ("free", "reserved", "expired")


def free(household: int, tranche: int) -> Account:
    """Unreserved credit."""
    return Account("free", household, tranche)


def reserved(household: int, tranche: int) -> Account:
    """Credit that devices may spend."""
    return Account("reserved", household, tranche)


def shop(number: int) -> Account:
    """What is owed to a shop and not settled yet."""
    return Account("shop", number)


def paid(number: int) -> Account:
    """What settlements have ordered for a shop."""
    return Account("paid", number)


def expired(household: int, tranche: int) -> Account:
    """What nobody used in time."""
    return Account("expired", household, tranche)


def post(
    database: sqlite3.Connection,
    movements: Iterable[tuple[Account, int]],
    *,
    at_s: int,
    reason: str,
    cause: Cause | None = None,
) -> int:
    """Book one set of movements; the number of the posting. The caller sees to it that they sum to zero."""
    booked = [(account, amount_rial) for account, amount_rial in movements if amount_rial]
    assert sum(amount_rial for _, amount_rial in booked) == 0, "a posting sums to zero"
    device, sequence = cause or (None, None)
    posting = database.execute(
        "INSERT INTO posting (at_s, reason, device, sequence) VALUES (?, ?, ?, ?) RETURNING number",
        (at_s, reason, device, sequence),
    ).fetchone()["number"]
    for account, amount_rial in booked:
        row = database.execute(
            "INSERT INTO account (kind, owner, tranche, balance_rial) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET balance_rial = balance_rial + excluded.balance_rial RETURNING number, balance_rial",
            (*account, amount_rial),
        ).fetchone()
        assert row["balance_rial"] >= 0 or account.kind not in HOUSEHOLDS_OWN, "a household has no debts"
        database.execute("INSERT INTO movement VALUES (?, ?, ?)", (posting, row["number"], amount_rial))
    return int(posting)


def balance_rial(database: sqlite3.Connection, account: Account) -> int:
    """The balance of an account, 0 before its first movement."""
    row = database.execute(
        "SELECT balance_rial FROM account WHERE kind = ? AND owner = ? AND tranche = ?", account
    ).fetchone()
    return 0 if row is None else int(row["balance_rial"])


def totals_rial(database: sqlite3.Connection) -> dict[str, int]:
    """The sum of balances for each kind of account."""
    rows = database.execute(
        "SELECT kind, SUM(balance_rial) AS total FROM account GROUP BY kind ORDER BY kind"
    )
    return {row["kind"]: int(row["total"]) for row in rows}


def faults(database: sqlite3.Connection) -> list[str]:
    """What contradicts the rules of double entry; empty for a sound ledger."""
    found = [
        f"ledger posting {row['posting']}: its movements sum to {row['total']}"
        for row in database.execute(
            "SELECT posting, SUM(amount_rial) AS total FROM movement GROUP BY posting HAVING total <> 0"
        )
    ]
    found += [
        f"ledger account {row['kind']}/{row['owner']}/{row['tranche']}: balance {row['balance_rial']},"
        f" movements sum to {row['total']}"
        for row in database.execute(
            "SELECT kind, owner, tranche, balance_rial, COALESCE(SUM(amount_rial), 0) AS total FROM account"
            " LEFT JOIN movement ON account = number GROUP BY number HAVING total <> balance_rial"
        )
    ]
    below = database.execute(
        "SELECT kind, owner, tranche, balance_rial FROM account WHERE balance_rial < 0 AND kind IN ('free', 'reserved', 'expired')"
    )
    found += [f"ledger account {row['kind']}/{row['owner']}/{row['tranche']}: below zero" for row in below]
    return found
