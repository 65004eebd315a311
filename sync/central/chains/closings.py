"""Compares a device's X and Z slips with its own entries. A difference is an observation, not a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.central.chains import dossier
from sync.wire import facts
from sync.wire.kinds import EntryKind

if TYPE_CHECKING:
    import sqlite3

_COUNTED = (EntryKind.PURCHASE, EntryKind.VOID, EntryKind.REFUND, EntryKind.CASH_SALE, EntryKind.DECLINE)


class Totals(Struct):
    """The sums of a range of entries, named as on a closing."""

    purchases: int = 0
    credit_rial: int = 0
    own_rial: int = 0
    cash_sales: int = 0
    cash_sales_rial: int = 0
    voids: int = 0
    void_credit_rial: int = 0
    void_own_rial: int = 0
    refunds: int = 0
    refund_credit_rial: int = 0
    refund_own_rial: int = 0
    declines: int = 0

    def add(self, fact: facts.Fact) -> None:
        """Count one entry."""
        match fact:
            case facts.Purchase():
                self.purchases += 1
                self.credit_rial += fact.credit_rial
                self.own_rial += fact.own_rial
            case facts.Void():
                self.voids += 1
                self.void_credit_rial += fact.credit_rial
                self.void_own_rial += fact.own_rial
            case facts.Refund():
                self.refunds += 1
                self.refund_credit_rial += fact.credit_rial
                self.refund_own_rial += fact.own_rial
            case facts.CashSale():
                self.cash_sales += 1
                self.cash_sales_rial += fact.total_rial
            case facts.Decline():
                self.declines += 1


NAMES = Totals.__struct_fields__


def totals(database: sqlite3.Connection, device: int, first: int, before: int) -> Totals:
    """The sums of the entries from `first` to the one before `before`, whatever their verdicts."""
    summed = Totals()
    for row in database.execute(
        "SELECT payload FROM entry WHERE device = ? AND sequence >= ? AND sequence < ? AND kind IN (?, ?, ?, ?, ?)",
        (device, first, before, *map(int, _COUNTED)),
    ):
        summed.add(dossier.fact_of(row["payload"]))
    return summed


def differences(
    database: sqlite3.Connection, device: int, sequence: int, closing: facts.Closing
) -> list[str]:
    """What a closing says otherwise than the entries that it closes."""
    summed = totals(database, device, closing.first, sequence)
    return [
        f"closing says {name} {getattr(closing, name)}, its entries {getattr(summed, name)}"
        for name in NAMES
        if getattr(closing, name) != getattr(summed, name)
    ]
