"""One-time codes of households: made beforehand, hashed slowly, given out one by one. Owns the table code.

A device holds slow hashes only, so a code works without network; it is good once and at one device. Hashing takes tens
of milliseconds a code, so it happens in worker processes, between two transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sync.central.config import CODES_PER_HOUSEHOLD
from sync.central.credit.scheme import random_digits
from sync.central.errors import Refused
from sync.wire import proof

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sync.central.keys import Chance


class NewCode(NamedTuple):
    """A code to be hashed and stored."""

    household: int
    device: int
    digits: str
    salt: bytes


def hash_codes(codes: list[NewCode]) -> list[bytes]:
    """The slow hashes of some codes; for a worker process."""
    return [proof.slow_hash(code.digits, code.salt) for code in codes]


def wanted(database: sqlite3.Connection, device: int, chance: Chance) -> list[NewCode]:
    """New codes for those households of a device's shop that have fewer unused ones than they should."""
    rows = database.execute(
        "SELECT household.number AS household, COUNT(code.number) AS unused, MAX(code.salt) AS salt"
        " FROM device JOIN household ON household.shop = device.shop"
        " LEFT JOIN code ON code.household = household.number AND code.device = device.number AND code.used_by IS NULL"
        " WHERE device.number = ? AND device.suspended_from IS NULL GROUP BY household.number HAVING unused < ?",
        (device, CODES_PER_HOUSEHOLD),
    )
    made: list[NewCode] = []
    for row in rows.fetchall():
        salt = _salt(database, row["household"], device) or chance(proof.SALT_BYTES)
        made += [
            NewCode(row["household"], device, random_digits(proof.CODE_DIGITS, chance), salt)
            for _ in range(CODES_PER_HOUSEHOLD - row["unused"])
        ]
    return made


def keep(database: sqlite3.Connection, codes: Iterable[tuple[NewCode, bytes]]) -> None:
    """Store codes with their hashes."""
    for code, hash_ in codes:
        database.execute(
            "INSERT INTO code (household, device, number, digits, salt, hash) VALUES (?, ?,"
            " (SELECT COALESCE(MAX(number), 0) + 1 FROM code WHERE household = ? AND device = ?), ?, ?, ?)",
            (code.household, code.device, code.household, code.device, code.digits, code.salt, hash_),
        )


def give_out(
    database: sqlite3.Connection, household: int, device: int | None, *, now_s: int
) -> tuple[str, int, int]:
    """The household's next code: digits, the device it is for, how many are left. Raises: Refused, without one.

    Without a device, the first one that has a code for this household.
    """
    row = database.execute(
        "SELECT device, number, digits FROM code WHERE household = ? AND (? IS NULL OR device = ?)"
        " AND given_at_s IS NULL ORDER BY device, number LIMIT 1",
        (household, device, device),
    ).fetchone()
    if row is None:
        raise Refused("no one-time code is left for this household: run 'sofreh-central allot' for new ones")
    key = (household, row["device"], row["number"])
    database.execute(
        "UPDATE code SET given_at_s = ? WHERE household = ? AND device = ? AND number = ?", (now_s, *key)
    )
    left = database.execute(
        "SELECT COUNT(*) AS n FROM code WHERE household = ? AND device = ? AND given_at_s IS NULL", key[:2]
    ).fetchone()["n"]
    return row["digits"], row["device"], left


def unused_hashes(
    database: sqlite3.Connection, household: int, device: int
) -> tuple[bytes, tuple[bytes, ...]]:
    """Salt and hashes as a device is told them."""
    rows = database.execute(
        "SELECT salt, hash FROM code WHERE household = ? AND device = ? AND used_by IS NULL ORDER BY number",
        (household, device),
    ).fetchall()
    salt = rows[0]["salt"] if rows else bytes(proof.SALT_BYTES)
    return salt, tuple(row["hash"] for row in rows)


def _salt(database: sqlite3.Connection, household: int, device: int) -> bytes | None:
    row = database.execute(
        "SELECT salt FROM code WHERE household = ? AND device = ? LIMIT 1", (household, device)
    ).fetchone()
    return None if row is None else bytes(row["salt"])
