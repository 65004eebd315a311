"""What a shop is paid: the accepted credit of one device and one day, in the center's days, within 72 hours.

A day whose refunds exceed its purchases is settled together with the next, and no settlement pays more than the shop is
owed: what one of its devices took back is not paid out at another. Owns the table settlement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central.config import PAY_WITHIN_S
from sync.central.dates import DAY_S, day_of
from sync.central.mailbox import Mailbox
from sync.central.money import ledger
from sync.wire import mail

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Keys


def settle(
    database: sqlite3.Connection, keys: Keys, *, now_s: int, whole_days_only: bool = True
) -> list[mail.Settlement]:
    """Settle what was accepted on days that have ended, or up to now; tells the devices by mail."""
    made = []
    for device, days in _open_days(
        database, before_s=day_of(now_s) if whole_days_only else now_s + 1
    ).items():
        carried: list[sqlite3.Row] = []
        for day_s, rows in days.items():
            carried += rows
            amount_rial = sum(row["amount_rial"] for row in carried)
            if 0 < amount_rial <= _owed_rial(database, device):
                made.append(_settle_day(database, keys, device, day_s, carried, amount_rial, now_s))
                carried = []
    return made


def _owed_rial(database: sqlite3.Connection, device: int) -> int:
    row = database.execute("SELECT shop FROM device WHERE number = ?", (device,)).fetchone()
    return ledger.balance_rial(database, ledger.shop(row["shop"]))


def _settle_day(
    database: sqlite3.Connection,
    keys: Keys,
    device: int,
    day_s: int,
    rows: list[sqlite3.Row],
    amount_rial: int,
    now_s: int,
) -> mail.Settlement:
    shop = database.execute("SELECT shop FROM device WHERE number = ?", (device,)).fetchone()["shop"]
    number = database.execute("SELECT COALESCE(MAX(number), 0) + 1 AS n FROM settlement").fetchone()["n"]
    body = mail.Settlement(
        number=number,
        day_s=day_s,
        purchases=sum(row["reason"] == "purchase" for row in rows),
        amount_rial=amount_rial,
        last=max(row["sequence"] for row in rows),
        pay_by_s=day_s + DAY_S + PAY_WITHIN_S,
    )
    database.execute(
        "INSERT INTO settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, shop, device, day_s, body.purchases, amount_rial, body.last, now_s, body.pay_by_s),
    )
    database.executemany(
        "UPDATE posting SET settlement = ? WHERE number = ?", [(number, row["number"]) for row in rows]
    )
    movements = [(ledger.shop(shop), -amount_rial), (ledger.paid(shop), amount_rial)]
    ledger.post(database, movements, at_s=now_s, reason=f"settlement {number}")
    Mailbox(database, device, keys, now_s=now_s).append(body)
    return body


def _open_days(database: sqlite3.Connection, *, before_s: int) -> dict[int, dict[int, list[sqlite3.Row]]]:
    """Postings that no settlement covers, by device and day, in order."""
    days: dict[int, dict[int, list[sqlite3.Row]]] = {}
    for row in database.execute(
        "SELECT posting.number, device, sequence, at_s, reason, SUM(amount_rial) AS amount_rial FROM posting"
        " JOIN movement ON posting = posting.number JOIN account ON account.number = account AND kind = 'shop'"
        " WHERE device IS NOT NULL AND settlement IS NULL AND at_s < ? GROUP BY posting.number ORDER BY device, posting.number",
        (before_s,),
    ):
        days.setdefault(row["device"], {}).setdefault(day_of(row["at_s"]), []).append(row)
    return days
