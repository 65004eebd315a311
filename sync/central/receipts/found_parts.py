"""Finds what a receipt keeps to itself: the private part behind the hash that the device signed. Reads only.

Paper shows neither household nor proof. But the center knows whose allowances paid, which cards that household has and each
card's K; so it makes the few private parts that there can be and compares their blinded hashes. What fits was signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire.entry import Payload, PrivatePart, blinded_hash
from sync.wire.facts import Purchase, Refund, Void
from sync.wire.kinds import EntryKind
from sync.wire.proof import household_proof

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


def private_of(
    database: sqlite3.Connection, payload: Payload, public: bytes, blinding: bytes
) -> PrivatePart | None:
    """The private part of a purchase, void or refund with these bytes of its public part; None where none fits."""
    for household in _households(database, payload):
        for candidate in _candidates(database, payload, public, household):
            if blinded_hash(candidate.to_cbor(), payload.sequence, blinding) == payload.private_hash:
                return candidate
    return None


def _households(database: sqlite3.Connection, payload: Payload) -> set[int]:
    assert isinstance(payload.public, Purchase | Void | Refund), "what has legs"
    return {
        row["household"]
        for leg in payload.public.legs
        for row in database.execute(
            "SELECT household FROM allowance WHERE number = ? AND device = ?", (leg.allowance, payload.device)
        )
    }


def _candidates(
    database: sqlite3.Connection, payload: Payload, public: bytes, household: int
) -> Iterator[PrivatePart]:
    cards = database.execute(
        "SELECT number, household_key FROM card WHERE household = ?", (household,)
    ).fetchall()
    lines_hash = payload.lines_hash
    if isinstance(payload.public, Purchase) and lines_hash is not None:
        for card in cards:
            proof = household_proof(
                card["household_key"], public,
                device=payload.device, sequence=payload.sequence, prev=payload.prev, lines_hash=lines_hash,
            )  # fmt: skip
            yield PrivatePart(household=household, card=card["number"], proof=proof)
    for number in (None, *(card["number"] for card in cards)):
        yield PrivatePart(household=household, card=number)
        for outcome in _outcomes(database, payload):
            yield PrivatePart(household=household, card=number, code_entry=outcome)


def _outcomes(database: sqlite3.Connection, payload: Payload) -> list[int]:
    """Where the chain tried one-time codes before: a purchase by code names the place."""
    rows = database.execute(
        "SELECT sequence FROM entry WHERE device = ? AND kind = ? AND sequence < ? ORDER BY sequence DESC",
        (payload.device, int(EntryKind.CODE_OUTCOME), payload.sequence),
    )
    return [row["sequence"] for row in rows]
