"""The till's totals, counted from its exported journal: a CBOR sequence (RFC 8742) of signed entries.

Source: `firmware.journal.audit.export` says what stands in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import cbor
from sync.wire.entry import Payload
from sync.wire.facts import CashSale, Decline, Purchase, Refund, Void

if TYPE_CHECKING:
    from pathlib import Path

    from sync.wire.facts import Fact


class JournalSums(Struct):
    """Counts and rial of a whole journal."""

    entries: int = 0
    purchases: int = 0
    cash_sales: int = 0
    voids: int = 0
    refunds: int = 0
    declines: int = 0
    net_credit_rial: int = 0
    net_own_rial: int = 0
    cash_sales_rial: int = 0

    def add(self, fact: Fact) -> None:
        """Count one entry."""
        self.entries += 1
        if isinstance(fact, Purchase):
            self.purchases += 1
            self.net_credit_rial += fact.credit_rial
            self.net_own_rial += fact.own_rial
        elif isinstance(fact, Void | Refund):
            self.voids += isinstance(fact, Void)
            self.refunds += isinstance(fact, Refund)
            self.net_credit_rial -= fact.credit_rial
            self.net_own_rial -= fact.own_rial
        elif isinstance(fact, CashSale):
            self.cash_sales += 1
            self.cash_sales_rial += fact.total_rial
        self.declines += isinstance(fact, Decline)


def read_export(path: Path) -> JournalSums:
    """The sums of all entries in the file. Raises: Malformed."""
    data, sums = path.read_bytes(), JournalSums()
    _, at = cbor.read_value(data, 0)
    while at < len(data):
        (payload, *_), at = cbor.read_value(data, at)
        sums.add(Payload.from_cbor(payload).public)
    return sums
