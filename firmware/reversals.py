"""Undoing a purchase: what a void or a refund gives back, and to whom. Pure.

A void cancels the whole purchase before the next Z. A refund takes goods back afterwards, by the rule of
`sync.wire.refunds`. An allowance that is no longer open here is not restored; its credit returns by mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire.facts import Leg, Line, Purchase, Refund, RefundLine, Void
from sync.wire.refunds import Returned, share

if TYPE_CHECKING:
    from collections.abc import Mapping


class OpenLeft(Struct, frozen=True):
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
    """Quantities `back` by line index come back; None if more comes back than was bought, or nothing."""
    given = share(purchase, lines, back, earlier)
    if given is None:
        return None
    return Refund(
        purchase=sequence,
        lines=tuple(RefundLine(index=index, quantity=back[index]) for index in sorted(back)),
        credit_rial=given.credit_rial,
        own_rial=given.own_rial,
        legs=tuple(open_left.restored(allowance, amount_rial) for allowance, amount_rial in given.legs),
    )
