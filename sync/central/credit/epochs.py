"""The center's epochs: a store that was restored from an older backup opens a new one, and reserves no credit in it until its
devices have returned their mail (`sync.central.restoring.restoring`) or the last deadline of a tranche has passed.

Until then some device may hold an allowance that the store has forgotten: reserved once more, it could be spent twice.
Owns the table restoration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central.credit import scheme

if TYPE_CHECKING:
    import sqlite3

EPOCH_STEP_S = 60
"""An epoch's number is at least the minute in which it was opened: no two restored stores take the same one."""


def open_epoch(database: sqlite3.Connection, *, now_s: int, devices: int | None, why: str) -> int:
    """Say that this store was restored; the new epoch. Credit stays unreserved until `devices` of them, by default all that
    the store knows, have returned their mail. Again in the same restoration, it only corrects that number.
    """
    known = database.execute("SELECT COUNT(*) AS n FROM device").fetchone()["n"]
    wanted = known if devices is None else devices
    if is_open(database):
        database.execute(
            "UPDATE restoration SET devices = ? WHERE epoch = (SELECT epoch FROM center)", (wanted,)
        )
        return int(database.execute("SELECT epoch FROM center").fetchone()["epoch"])
    epoch = database.execute(
        "UPDATE center SET epoch = MAX(epoch + 1, ?) RETURNING epoch", (now_s // EPOCH_STEP_S,)
    ).fetchone()["epoch"]
    database.execute("INSERT INTO restoration VALUES (?, ?, ?, ?)", (epoch, now_s, wanted, why))
    return int(epoch)


def is_open(database: sqlite3.Connection) -> bool:
    """Whether a restored store still waits for devices."""
    row = database.execute(
        "SELECT devices, (SELECT COUNT(*) FROM device WHERE returned_epoch >= epoch) AS returned FROM restoration"
        " WHERE epoch = (SELECT epoch FROM center)"
    ).fetchone()
    return row is not None and row["returned"] < row["devices"]


def waits_for(database: sqlite3.Connection) -> list[int]:
    """The known devices that have not returned their mail."""
    rows = database.execute(
        "SELECT number FROM device WHERE returned_epoch < (SELECT epoch FROM center) ORDER BY number"
    )
    return [row["number"] for row in rows] if is_open(database) else []


def is_frozen(database: sqlite3.Connection, tranche: int, *, now_s: int) -> bool:
    """Whether some device may hold an allowance of this tranche that the store has forgotten."""
    return is_open(database) and now_s <= _last_deadline_s(database, tranche)


def _last_deadline_s(database: sqlite3.Connection, tranche: int) -> int:
    """When the last entry of this tranche can be presented, under any policy that names it."""
    deadlines = [
        one.authorize_until_s + rules.second_deadline_s
        for row in database.execute("SELECT message FROM policy")
        for rules in (scheme.opened_policy(row["message"]),)
        for one in rules.tranches
        if one.number == tranche
    ]
    return max(deadlines, default=0)
