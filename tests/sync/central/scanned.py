"""A till's counter that prints receipts, and a scanner that types them: what tests of scanned receipts are told with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sync.wire import receipt_qr
from sync.wire.credential import SlimCredential
from sync.wire.entry import Entry, PrivatePart
from sync.wire.facts import Booted, Leg, Purchase, Void
from sync.wire.kinds import ClosingKind
from tests.sync.central.device import Device, piece

if TYPE_CHECKING:
    from sync.central.result import Result
    from sync.wire.facts import Line
    from tests.sync.central.conftest import Lab

SOLD = 1_000_000
ZERO: dict[str, Any] = {
    "closing": ClosingKind.Z, "number": 1, "first": 0, "purchases": 0, "credit_rial": 0, "own_rial": 0, "cash_sales": 0,
    "cash_sales_rial": 0, "voids": 0, "void_credit_rial": 0, "void_own_rial": 0, "refunds": 0, "refund_credit_rial": 0,
    "refund_own_rial": 0, "declines": 0, "cash_expected_rial": 0, "unsent": 0, "unsent_credit_rial": 0,
}  # fmt: skip
"""A Z of a day without anything."""


class Counter:
    """A till's own count, as it prints it: purchases and their credit since enrollment, and what each allowance has left."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.device = lab, lab.device
        self.number = self.so_far_rial = 0
        self.left: dict[int, int] = {}

    def sell(
        self, household: int = 1, credit_rial: int = SOLD, *lines: Line, code: int | None = None
    ) -> Entry:
        lines = lines or (piece(7, credit_rial + 50_000),)
        allowance = self.device.allowances(household, 1)[-1]
        left = max(0, self.left.get(allowance.number, allowance.amount_rial) - credit_rial)
        self.left[allowance.number] = left
        self.number += 1
        self.so_far_rial += credit_rial
        fact = replace(
            self.device.purchase([(allowance, credit_rial)], lines), number=self.number,
            credit_so_far_rial=self.so_far_rial,
            legs=(Leg(allowance=allowance.number, amount_rial=credit_rial, left_rial=left),),
        )  # fmt: skip
        card, key = self.lab.key(household)
        if code is not None:
            return self.device.say(
                fact, lines=lines, private=PrivatePart(household=household, code_entry=code)
            )
        return self.device.say(
            fact, lines=lines, private=PrivatePart(household=household, card=card), proof_key=key
        )

    def void(self, sold: Entry) -> Entry:
        assert isinstance(sold.fact, Purchase)
        assert sold.private is not None
        legs = tuple(
            replace(leg, left_rial=leg.left_rial + leg.amount_rial) for leg in reversed(sold.fact.legs)
        )
        fact = Void(
            purchase=sold.sequence, credit_rial=sold.fact.credit_rial, own_rial=sold.fact.own_rial, legs=legs
        )
        return self.device.say(
            fact, private=PrivatePart(household=sold.private.household, card=sold.private.card)
        )

    def talk(self, entries: int = 1) -> None:
        """What has no receipt."""
        for _ in range(entries):
            self.device.say(Booted(version="test", clean=True))


def slim_of(lab: Lab, device: Device | None = None) -> SlimCredential:
    number = (device or lab.device).number
    return SlimCredential.from_cbor(lab.sql("SELECT slim FROM device WHERE number = ?", number)[0]["slim"])


def paper(lab: Lab, entry: Entry) -> str:
    """What a scanner types off the receipt."""
    return receipt_qr.to_qr(entry, slim_of(lab, lab.device))


def rekey(lab: Lab, *texts: str) -> Result:
    result = lab.order(
        "rekey", scans=[[f"line {number}", text] for number, text in enumerate(texts, start=1)]
    )
    json.dumps(result.data)
    return result


def fates(result: Result) -> list[str]:
    return [one["fate"] for one in sorted(result.data["receipts"], key=lambda one: one["where"])]


def words(result: Result) -> list[str]:
    return [one["words"] for one in sorted(result.data["receipts"], key=lambda one: one["where"])]


def owed_rial(lab: Lab) -> int:
    rows = lab.sql("SELECT balance_rial FROM account WHERE kind = 'shop'")
    return int(rows[0]["balance_rial"]) if rows else 0


def books_hold(lab: Lab) -> None:
    """The three-way reconciliation, and every byte and sum of the store."""
    assert lab.report()["reconciliation"]["agrees"]
    assert lab.order("verify").lines[-1:] != []
    assert lab.order("verify").ok
