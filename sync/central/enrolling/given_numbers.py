"""Numbers that were given away and have not come to light: which laptop has them and until when, so that a stolen one can be revoked.

A laptop is named by its short key, which `sofreh-central laptop` and `mandate` print. Reads only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sync.wire import cose
from sync.wire.credential import Credential
from sync.wire.enrolling.mandate import Mandate

if TYPE_CHECKING:
    import sqlite3

    from sync.central.enrolling.mandates import LaptopKeys

GROUP = 4


class GivenNumber(NamedTuple):
    """A number that some till may have by now. `until_s` ends the leave to answer for it, in Unix seconds."""

    device: int
    shop: int
    laptop: str
    until_s: int
    replaces: int | None


def given_numbers(database: sqlite3.Connection) -> tuple[GivenNumber, ...]:
    """Those not introduced and not held back, by number; also those whose leave is over, for the report may be late."""
    rows = database.execute(
        "SELECT message FROM mandate JOIN device ON device.number = mandate.device"
        " WHERE introduction IS NULL AND suspended_from IS NULL ORDER BY device.number"
    )
    return tuple(_given(mandate_in(row["message"])) for row in rows)


def successors(database: sqlite3.Connection, device: int) -> tuple[int, ...]:
    """The numbers that take this device's place already and are not held back."""
    rows = database.execute(
        "SELECT number, credential, message FROM device LEFT JOIN mandate ON mandate.device = device.number"
        " WHERE suspended_from IS NULL ORDER BY number"
    )
    found = []
    for row in rows:
        one = _credential_in(row["credential"]) if row["message"] is None else mandate_in(row["message"])
        if one.predecessor is not None and one.predecessor.device == device:
            found.append(int(row["number"]))
    return tuple(found)


def short_key(laptop: LaptopKeys) -> str:
    """What people call a laptop by."""
    return _short(laptop.public)


def mandate_in(message: bytes) -> Mandate:
    """What a mandate says that this center has signed."""
    return Mandate.from_cbor(cose.parse(message, what="mandate").payload)


def _given(one: Mandate) -> GivenNumber:
    replaces = None if one.predecessor is None else one.predecessor.device
    return GivenNumber(one.device, one.shop, _short(one.public), one.until_s, replaces)


def _credential_in(message: bytes) -> Credential:
    return Credential.from_cbor(cose.parse(message, what="credential").payload)


def _short(public: bytes) -> str:
    digits = cose.key_id(public).hex()
    return " ".join(digits[at : at + GROUP] for at in range(0, len(digits), GROUP))
