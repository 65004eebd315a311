"""What comes back with returned goods: one rule for the till that pays it out and the center that checks it. Pure.

Goods of the approved list give back credit until the purchase's credit part is used up, then own money; other goods own
money only. Allowances get back in the reverse of the spending order. The money of a part of a line is the difference of
the line's own rounded totals, so that parts add up to the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire.facts import Line, Purchase, Refund, line_total_rial

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Returned(Struct, frozen=True):
    """What earlier refunds of the same purchase gave back: quantities by line index, amounts by allowance."""

    credit_rial: int
    quantities: Mapping[int, int]
    leg_rial: Mapping[int, int]


class Share(Struct, frozen=True):
    """What goes back now; `legs` are (allowance, amount in rial) and sum up to the credit."""

    credit_rial: int
    own_rial: int
    legs: tuple[tuple[int, int], ...]


def returned_by(refunds: Iterable[Refund]) -> Returned:
    """The sum of earlier refunds."""
    credit_rial = 0
    quantities: dict[int, int] = {}
    leg_rial: dict[int, int] = {}
    for refund in refunds:
        credit_rial += refund.credit_rial
        for line in refund.lines:
            quantities[line.index] = quantities.get(line.index, 0) + line.quantity
        for leg in refund.legs:
            leg_rial[leg.allowance] = leg_rial.get(leg.allowance, 0) + leg.amount_rial
    return Returned(credit_rial, quantities, leg_rial)


def share(
    purchase: Purchase, lines: tuple[Line, ...], back: Mapping[int, int], earlier: Returned
) -> Share | None:
    """The share of quantities `back` by line index; None if nothing comes back, or more than was bought."""
    listed_rial = other_rial = 0
    for index, quantity in back.items():
        before = earlier.quantities.get(index, 0)
        if not 0 <= index < len(lines) or not 0 < quantity <= lines[index].quantity - before:
            return None
        amount_rial = _worth_rial(lines[index], before + quantity) - _worth_rial(lines[index], before)
        listed_rial += amount_rial if lines[index].good else 0
        other_rial += 0 if lines[index].good else amount_rial
    if not back:
        return None
    credit_rial = min(listed_rial, purchase.credit_rial - earlier.credit_rial)
    return Share(
        credit_rial, listed_rial + other_rial - credit_rial, _legs_back(purchase, credit_rial, earlier)
    )


def _worth_rial(line: Line, quantity: int) -> int:
    return line_total_rial(line.unit, price_rial=line.price_rial, quantity=quantity)


def _legs_back(purchase: Purchase, credit_rial: int, earlier: Returned) -> tuple[tuple[int, int], ...]:
    legs = []
    for leg in reversed(purchase.legs):
        amount_rial = min(leg.amount_rial - earlier.leg_rial.get(leg.allowance, 0), credit_rial)
        if amount_rial:
            legs.append((leg.allowance, amount_rial))
        credit_rial -= amount_rial
    return tuple(legs)
