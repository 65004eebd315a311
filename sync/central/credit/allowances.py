"""The parts of households' credit that are reserved for one device each (the escrow method, O'Neil 1986).

A device spends allowances only, so what is spent everywhere stays within the credit whoever can talk to whom. Credit
comes back in three ways: given back after a recall; by itself when the time to present entries is over; at once where a device is
suspended before it sold anything.
Owns the table allowance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central.credit import epochs, scheme
from sync.central.errors import Refused
from sync.central.money import ledger
from sync.wire import mail
from sync.wire.kinds import EntryKind
from sync.wire.proof import release_lock, release_proof

if TYPE_CHECKING:
    import sqlite3

    from sync.central.mailbox import Mailbox
    from sync.wire.policy import Policy

CHUNK = 100
"""Allowances, or households, in one item of mail: an item must get through a line that breaks every few kilobytes."""


def grant(database: sqlite3.Connection, device: int, policy: Policy, *, now_s: int) -> list[mail.Allowance]:
    """Reserve for `device` its share of what its shop's households may spend; the new allowances."""
    row = database.execute(
        "SELECT shop FROM device WHERE number = ? AND suspended_from IS NULL", (device,)
    ).fetchone()
    if row is None:
        return []
    devices = database.execute(
        "SELECT COUNT(*) AS n FROM device WHERE shop = ? AND suspended_from IS NULL", (row["shop"],)
    ).fetchone()["n"]
    frozen = {t.number for t in policy.tranches if epochs.is_frozen(database, t.number, now_s=now_s)}
    granted = []
    for due in _households_due(database, row["shop"], device):
        cohort = policy.cohort_of(decile=due["decile"], supported=bool(due["supported"]))
        tranche = None if cohort is None else policy.tranche(due["tranche"], cohort.number)
        if tranche is None or tranche.authorize_until_s <= now_s or tranche.number in frozen:
            continue
        share_rial = due["free_rial"] + due["reserved_rial"]
        target_rial = share_rial * policy.usual_shop_percent // 100
        amount_rial = min(target_rial // devices, target_rial - due["reserved_rial"], due["free_rial"])
        amount_rial -= amount_rial % max(policy.cash_step_rial, 1)
        if amount_rial <= 0:
            continue
        present_by_s = tranche.authorize_until_s + policy.present_within_s
        number = database.execute(
            "INSERT INTO allowance (device, household, tranche, cohort, amount_rial, left_rial, opens_at_s,"
            " authorize_until_s, present_by_s, second_deadline_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
            (
                device, due["household"], tranche.number, tranche.cohort, amount_rial, amount_rial, tranche.opens_at_s,
                tranche.authorize_until_s, present_by_s, tranche.authorize_until_s + policy.second_deadline_s,
            ),
        ).fetchone()["number"]  # fmt: skip
        _move(database, due["household"], tranche.number, amount_rial, now_s=now_s, reason="reserved")
        granted.append(
            mail.Allowance(
                number=number, household=due["household"], tranche=tranche.number, amount_rial=amount_rial,
                opens_at_s=tranche.opens_at_s, authorize_until_s=tranche.authorize_until_s, present_by_s=present_by_s,
            )
        )  # fmt: skip
    return granted


def recall(
    database: sqlite3.Connection, mailbox: Mailbox, device: int, households: list[int] | None, *, now_s: int
) -> int:
    """Ask a device to give back what it has left, of some households or of all; how many allowances. Raises: Refused."""
    rows = database.execute(
        "SELECT number, household FROM allowance WHERE device = ? AND closed_at_s IS NULL AND recalled_at_s IS NULL",
        (device,),
    )
    numbers = [row["number"] for row in rows if households is None or row["household"] in households]
    if not numbers:
        raise Refused(f"device {device} has no open allowance that could be asked back")
    database.executemany(
        "UPDATE allowance SET recalled_at_s = ? WHERE number = ?", [(now_s, n) for n in numbers]
    )
    for at in range(0, len(numbers), CHUNK):
        mailbox.append(mail.Recall(allowances=tuple(numbers[at : at + CHUNK])))
    return len(numbers)


def fall_back(database: sqlite3.Connection, *, now_s: int) -> int:
    """Free what is left of allowances that nobody can present purchases for any more; how many.

    The first deadline is suspended while the device's chain says that the center does not answer, or holds something
    that was refused; the second is not.
    """
    rows = database.execute(
        "SELECT allowance.number, household, tranche, left_rial FROM allowance JOIN device ON device.number = device"
        " WHERE closed_at_s IS NULL AND present_by_s < ? AND (second_deadline_s < ? OR NOT (outage OR suspended_from IS"
        " NOT NULL OR EXISTS (SELECT 1 FROM entry WHERE entry.device = device.number AND verdict <> 0)))",
        (now_s, now_s),
    ).fetchall()
    _close(database, rows, now_s=now_s, reason="fell back")
    return len(rows)


def take_back(database: sqlite3.Connection, device: int, *, now_s: int) -> int:
    """Free at once what a device holds of which nothing will be accepted: it is suspended from its first entry, and no purchase
    of it is in the books. How many allowances.
    """
    rows = database.execute(
        "SELECT allowance.number, household, tranche, left_rial FROM allowance JOIN device ON device.number = device"
        " WHERE device = ? AND closed_at_s IS NULL AND suspended_from = 0"
        " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.device = device.number AND kind = ?)",
        (device, EntryKind.PURCHASE),
    ).fetchall()
    _close(database, rows, now_s=now_s, reason="taken back")
    return len(rows)


def _close(database: sqlite3.Connection, rows: list[sqlite3.Row], *, now_s: int, reason: str) -> None:
    for row in rows:
        database.execute("UPDATE allowance SET closed_at_s = ? WHERE number = ?", (now_s, row["number"]))
        _move(database, row["household"], row["tranche"], -row["left_rial"], now_s=now_s, reason=reason)


def give_back(database: sqlite3.Connection, number: int, amount_rial: int, *, now_s: int) -> None:
    """Free what a device gave back of an allowance. One of which a refused purchase still claims the rest stays open."""
    row = database.execute(
        "UPDATE allowance SET left_rial = left_rial - ? WHERE number = ? RETURNING household, tranche, left_rial",
        (amount_rial, number),
    ).fetchone()
    if row["left_rial"] == 0:
        database.execute("UPDATE allowance SET closed_at_s = ? WHERE number = ?", (now_s, number))
    _move(database, row["household"], row["tranche"], -amount_rial, now_s=now_s, reason="given back")


def lock_mail(database: sqlite3.Connection, policy: Policy, tranche: int, *, device: int) -> mail.Locks:
    """How a device recognizes the announcement's code of one tranche."""
    return mail.Locks(
        locks=tuple(
            mail.Lock(
                tranche=tranche,
                cohort=cohort,
                salt=row["salt"],
                lock=release_lock(release_proof(row["root"], device=device)),
            )
            for cohort in sorted(
                {t.cohort for t in policy.tranches if t.number == tranche and t.opens_at_s is None}
            )
            if (row := scheme.release_row(database, tranche, cohort)) is not None
        )
    )


def _households_due(database: sqlite3.Connection, shop: int, device: int) -> list[sqlite3.Row]:
    """Households of a shop and their tranches for which this device has nothing yet."""
    return database.execute(
        "SELECT household.number AS household, decile, supported, account.tranche, balance_rial AS free_rial,"
        " (SELECT COALESCE(SUM(left_rial), 0) FROM allowance AS a WHERE a.household = household.number"
        "  AND a.tranche = account.tranche AND a.closed_at_s IS NULL) AS reserved_rial"
        " FROM household JOIN account ON kind = 'free' AND owner = household.number"
        " WHERE shop = ? AND balance_rial > 0 AND NOT EXISTS (SELECT 1 FROM allowance AS a WHERE a.device = ?"
        "  AND a.household = household.number AND a.tranche = account.tranche AND a.closed_at_s IS NULL)"
        " ORDER BY household.number, account.tranche",
        (shop, device),
    ).fetchall()


def _move(
    database: sqlite3.Connection, household: int, tranche: int, amount_rial: int, *, now_s: int, reason: str
) -> None:
    movements = [
        (ledger.free(household, tranche), -amount_rial),
        (ledger.reserved(household, tranche), amount_rial),
    ]
    ledger.post(database, movements, at_s=now_s, reason=reason)
