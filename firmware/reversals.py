"""Undoing a purchase: what a void or a refund gives back, and to whom. Pure.

A void cancels the whole purchase before the next Z. A refund takes goods back afterwards: goods of the approved list give
back credit until the purchase's credit part is used up, then own money; other goods own money only. Legs go back in
the reverse of the spending order. An allowance that is no longer open here is not restored; its credit returns by mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.wire.facts import Leg, Line, Purchase, Refund, RefundLine, Void, line_total_rial


@dataclass(frozen=True, slots=True)
class Returned:
    """What earlier refunds of the same purchase gave back. `quantities` counts per line index."""

    credit_rial: int
    quantities: Mapping[int, int]
    leg_rial: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class OpenLeft:
    """What is left now of the allowances that are still open here, by number."""

    left_rial: Mapping[int, int]

    def restored(self, allowance: int, amount_rial: int) -> Leg:
        """A leg that gives `amount_rial` back."""
        left_rial = self.left_rial.get(allowance)
        after_rial = 0 if left_rial is None else left_rial + amount_rial
        return Leg(allowance=allowance, amount_rial=amount_rial, left_rial=after_rial)


def void(sequence: int, purchase: Purchase, open_left: OpenLeft) -> Void:
    """Everything goes back."""
    legs = tuple(open_left.restored(leg.allowance, leg.amount_rial) for leg in reversed(purchase.legs))
    return Void(purchase=sequence, credit_rial=purchase.credit_rial, own_rial=purchase.own_rial, legs=legs)


def refund(
    sequence: int,
    purchase: Purchase,
    lines: tuple[Line, ...],
    back: Mapping[int, int],
    earlier: Returned,
    open_left: OpenLeft,
) -> Refund | None:
    """Quantities `back` by line index come back; None if more comes back than was bought, or nothing.

    The money of a part of a line is the difference of the line's own rounded totals, so parts add up to the whole.
    """
    eligible_rial = other_rial = 0
    for index, quantity in back.items():
        if not 0 <= index < len(lines) or quantity <= 0:
            return None
        line, before = lines[index], earlier.quantities.get(index, 0)
        if before + quantity > line.quantity:
            return None
        amount_rial = _part_rial(line, before + quantity) - _part_rial(line, before)
        eligible_rial += amount_rial if line.good else 0
        other_rial += 0 if line.good else amount_rial
    if not back:
        return None
    credit_rial = min(eligible_rial, purchase.credit_rial - earlier.credit_rial)
    return Refund(
        purchase=sequence,
        lines=tuple(RefundLine(index=index, quantity=back[index]) for index in sorted(back)),
        credit_rial=credit_rial,
        own_rial=eligible_rial + other_rial - credit_rial,
        legs=_legs_back(purchase.legs, credit_rial, earlier, open_left),
    )


def _part_rial(line: Line, quantity: int) -> int:
    return line_total_rial(line.unit, price_rial=line.price_rial, quantity=quantity)


def _legs_back(
    spent: tuple[Leg, ...], credit_rial: int, earlier: Returned, open_left: OpenLeft
) -> tuple[Leg, ...]:
    legs = []
    for leg in reversed(spent):
        amount_rial = min(leg.amount_rial - earlier.leg_rial.get(leg.allowance, 0), credit_rial)
        if amount_rial:
            legs.append(open_left.restored(leg.allowance, amount_rial))
        credit_rial -= amount_rial
    assert credit_rial == 0, "no more credit comes back than was spent"
    return tuple(legs)
