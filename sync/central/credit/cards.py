"""Household cards: made with their households. Once they are drawn and PINs are mailed, secrets and PINs can be forgotten:
proofs need only K.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sync.central.errors import Refused
from sync.wire import card
from sync.wire.kinds import Role

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Keys


class CardData(NamedTuple):
    """One card as it is drawn, and the PIN as it is mailed."""

    number: int
    household: int
    national_id: str
    decile: int
    supported: bool
    members: int
    shop: int
    pin: str
    qr: str
    code128: str


def issued(database: sqlite3.Connection, keys: Keys) -> list[CardData]:
    """All good cards whose secrets are still here. Raises: Refused, when there is none."""
    rows = database.execute(
        "SELECT card.*, national_id, members, decile, supported, shop FROM card JOIN household"
        " ON household.number = card.household WHERE secret IS NOT NULL AND revoked_at_s IS NULL ORDER BY card.number"
    ).fetchall()
    if not rows:
        raise Refused("there are no cards to draw: no household is registered, or the secrets were forgotten")
    return [_card(row, keys) for row in rows]


def forget(database: sqlite3.Connection) -> int:
    """Delete secrets and PINs of all cards; how many."""
    return database.execute("UPDATE card SET secret = NULL, pin = NULL WHERE secret IS NOT NULL").rowcount


def _card(row: sqlite3.Row, keys: Keys) -> CardData:
    signed = card.issue(
        number=row["number"], until_s=row["until_s"], secret=row["secret"], issuer=int(Role.CARD), key=keys.signing[Role.CARD]
    )  # fmt: skip
    return CardData(
        number=row["number"], household=row["household"], national_id=row["national_id"], decile=row["decile"],
        supported=bool(row["supported"]), members=row["members"], shop=row["shop"], pin=row["pin"],
        qr=card.to_qr(signed), code128=card.to_code128(row["number"]),
    )  # fmt: skip
