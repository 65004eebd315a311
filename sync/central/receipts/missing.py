"""What a device's receipts show to be missing: entries by their numbers, purchases and their credit by what each receipt counts.

Each purchase bears its number and the credit of all purchases so far. So two receipts tell how much was sold between
them, whatever happened to the paper of that. What came after the last receipt nobody can know.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sync.central.chains import dossier, papers
from sync.central.mailing.briefing import device_row
from sync.wire.facts import Purchase
from sync.wire.kinds import EntryKind
from sync.wire.money import RIAL_PER_TOMAN
from sync.wire.numbers import receipt_number

if TYPE_CHECKING:
    import sqlite3


class Sold(NamedTuple):
    """Purchases between two receipts that are not here: how many, and their credit."""

    after: int | None
    before: int
    purchases: int
    credit_rial: int


class Gaps(NamedTuple):
    """Of one device: where its chain ends here, its last receipt, entries without paper, purchases without paper."""

    device: int
    held: int
    last: int | None
    entries: list[tuple[int, int]]
    sold: list[Sold]

    def data(self) -> dict[str, Any]:
        """For machines."""
        return {
            "device": self.device, "held": self.held, "last": self.last, "entries": [list(one) for one in self.entries],
            "purchases": [one._asdict() for one in self.sold],
        }  # fmt: skip

    def lines(self) -> list[str]:
        """For people."""
        if self.last is None:
            return [f"device {self.device}: nothing is missing before entry {self.held}"]
        told = [
            f"device {self.device}: its chain is here up to entry {self.held - 1}, paper goes up to entry {self.last}"
        ]
        told += [
            f"device {self.device}: no paper of entr{'y' if first == last else 'ies'} {_span(first, last)}"
            for first, last in self.entries
        ]
        told += [
            f"device {self.device}: {one.purchases} purchases with {one.credit_rial // RIAL_PER_TOMAN:,} toman of credit are"
            f" missing {self._between(one)}"
            for one in self.sold
        ]
        return [*told, f"device {self.device}: what it did after entry {self.last} nobody can know"]

    def _between(self, one: Sold) -> str:
        before = receipt_number(device=self.device, sequence=one.before)
        if one.after is None:
            return f"before receipt {before}"
        return f"between receipts {receipt_number(device=self.device, sequence=one.after)} and {before}"


def gaps(database: sqlite3.Connection, device: int) -> Gaps:
    """What is missing between the end of the chain that is here and the last receipt of a device."""
    held = int(device_row(database, device)["held"])
    kept = [paper for paper in papers.of_device(database, device) if paper.sequence >= held]
    entries, expected = [], held
    for paper in kept:
        if paper.sequence > expected:
            entries.append((expected, paper.sequence - 1))
        expected = paper.sequence + 1
    known = [_last_of_chain(database, device)]
    known += [(paper.sequence, fact) for paper in kept if isinstance(fact := paper.fact, Purchase)]
    return Gaps(device, held, kept[-1].sequence if kept else None, entries, _sold(known))


def _sold(known: list[tuple[int, Purchase] | None]) -> list[Sold]:
    found = []
    for one, other in pairwise(known):
        assert other is not None, "only the chain may have none"
        sequence, fact = other
        number, so_far_rial = (0, 0) if one is None else (one[1].number, one[1].credit_so_far_rial)
        lost = fact.number - number - 1
        if lost > 0:
            credit_rial = fact.credit_so_far_rial - fact.credit_rial - so_far_rial
            found.append(Sold(None if one is None else one[0], sequence, lost, credit_rial))
    return found


def _last_of_chain(database: sqlite3.Connection, device: int) -> tuple[int, Purchase] | None:
    row = database.execute(
        "SELECT sequence, payload FROM entry WHERE device = ? AND kind = ? ORDER BY sequence DESC LIMIT 1",
        (device, int(EntryKind.PURCHASE)),
    ).fetchone()
    if row is None:
        return None
    fact = dossier.fact_of(row["payload"])
    assert isinstance(fact, Purchase), "the kind says so"
    return row["sequence"], fact


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
