"""What a void or a refund gives back, and to whom: parts add up to the whole, to the rial."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.reversals import OpenLeft, refund, void
from sync.wire.facts import Leg, Line, Purchase, Refund, RefundLine, Void
from sync.wire.kinds import Unit
from sync.wire.refunds import Returned

NOTHING_YET = Returned(0, {}, {})
BOTH_OPEN = OpenLeft({1: 0, 2: 400})


def line(*, good: int = 1, unit: Unit = Unit.PIECE, quantity: int = 1, price_rial: int) -> Line:
    return Line(good=good, gtin=0, unit=unit, price_rial=price_rial, quantity=quantity)


def bought(lines: tuple[Line, ...], *legs: Leg) -> Purchase:
    total_rial = sum(each.total_rial for each in lines)
    credit_rial = sum(leg.amount_rial for leg in legs)
    return Purchase(
        policy=2, catalog=4, total_rial=total_rial, credit_rial=credit_rial, own_rial=total_rial - credit_rial, legs=legs,
        number=1, credit_so_far_rial=credit_rial,
    )  # fmt: skip


MIXED = (line(quantity=3, price_rial=300), line(good=0, price_rial=250))
"""900 rial of the list, 250 of other goods."""
FROM_TWO = (Leg(allowance=1, amount_rial=500, left_rial=0), Leg(allowance=2, amount_rial=300, left_rial=400))
PURCHASE = bought(MIXED, *FROM_TWO)


def test_a_void_gives_everything_back_last_leg_first() -> None:
    assert void(12, PURCHASE, BOTH_OPEN) == Void(
        purchase=12, credit_rial=800, own_rial=350,
        legs=(Leg(allowance=2, amount_rial=300, left_rial=700), Leg(allowance=1, amount_rial=500, left_rial=500)),
    )  # fmt: skip


def test_an_allowance_that_is_not_open_here_any_more_is_not_restored() -> None:
    assert void(12, PURCHASE, OpenLeft({1: 0})).legs[0] == Leg(allowance=2, amount_rial=300, left_rial=0)


def test_goods_of_the_list_give_credit_back_first_from_the_leg_spent_last() -> None:
    assert refund(12, PURCHASE, MIXED, {0: 1}, NOTHING_YET, OpenLeft({1: 0, 2: 350})) == Refund(
        purchase=12, lines=(RefundLine(index=0, quantity=1),), credit_rial=300, own_rial=0,
        legs=(Leg(allowance=2, amount_rial=300, left_rial=650),),
    )  # fmt: skip


def test_other_goods_give_own_money_only() -> None:
    back = refund(12, PURCHASE, MIXED, {1: 1}, NOTHING_YET, BOTH_OPEN)
    assert back is not None
    assert (back.credit_rial, back.own_rial, back.legs) == (0, 250, ())


def test_when_the_credit_part_is_used_up_goods_of_the_list_give_own_money() -> None:
    earlier = Returned(600, {0: 2}, {2: 300, 1: 300})
    back = refund(12, PURCHASE, MIXED, {0: 1}, earlier, BOTH_OPEN)
    assert back is not None
    assert (back.credit_rial, back.own_rial) == (200, 100)
    assert back.legs == (Leg(allowance=1, amount_rial=200, left_rial=200),)


def test_a_leg_that_went_back_before_does_not_go_back_again() -> None:
    back = refund(12, PURCHASE, MIXED, {0: 1}, Returned(300, {0: 1}, {2: 300}), BOTH_OPEN)
    assert back is not None
    assert back.legs == (Leg(allowance=1, amount_rial=300, left_rial=300),)


def test_lines_are_named_in_their_order() -> None:
    back = refund(12, PURCHASE, MIXED, {1: 1, 0: 3}, NOTHING_YET, BOTH_OPEN)
    assert back is not None
    assert back.lines == (RefundLine(index=0, quantity=3), RefundLine(index=1, quantity=1))
    assert (back.credit_rial, back.own_rial) == (800, 350)


@pytest.mark.parametrize("back", [{}, {0: 0}, {0: -1}, {0: 4}, {-1: 1}, {2: 1}, {0: 1, 1: 2}])
def test_nothing_and_more_than_was_bought_are_no_refund(back: dict[int, int]) -> None:
    assert refund(12, PURCHASE, MIXED, back, NOTHING_YET, BOTH_OPEN) is None


@pytest.mark.parametrize(("before", "possible"), [(1, True), (2, True), (3, False)])
def test_a_quantity_comes_back_once(before: int, possible: bool) -> None:
    earlier = Returned(0, {0: before}, {})
    assert (refund(12, PURCHASE, MIXED, {0: 1}, earlier, BOTH_OPEN) is not None) is possible


def test_parts_of_a_weighed_line_add_up_to_its_rounded_total() -> None:
    """Three thirds of 1,000 g at 1,001 rial: 333, 333 and 334 g round apart, and still give 1,001 rial."""
    rice = (line(unit=Unit.GRAM, quantity=1_000, price_rial=1_001),)
    purchase = bought(rice, Leg(allowance=1, amount_rial=1_001, left_rial=0))
    earlier, credits_rial = NOTHING_YET, []
    for quantity in (333, 333, 334):
        back = refund(12, purchase, rice, {0: quantity}, earlier, OpenLeft({}))
        assert back is not None
        credits_rial.append(back.credit_rial)
        earlier = after(earlier, back)
    assert credits_rial == [333, 334, 334]


def after(earlier: Returned, back: Refund) -> Returned:
    """What the next refund of the same purchase must know."""
    quantities, leg_rial = dict(earlier.quantities), dict(earlier.leg_rial)
    for each in back.lines:
        quantities[each.index] = quantities.get(each.index, 0) + each.quantity
    for leg in back.legs:
        leg_rial[leg.allowance] = leg_rial.get(leg.allowance, 0) + leg.amount_rial
    return Returned(earlier.credit_rial + back.credit_rial, quantities, leg_rial)


LINES = st.lists(
    st.builds(
        line,
        good=st.sampled_from([0, 1, 8]),
        unit=st.sampled_from([Unit.PIECE, Unit.GRAM]),
        quantity=st.integers(1, 1_500),
        price_rial=st.integers(1, 3_000),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25)
@given(lines=LINES, data=st.data())
def test_refunds_in_any_parts_add_up_to_the_purchase_and_never_to_more(
    lines: list[Line], data: st.DataObject
) -> None:
    eligible_rial = sum(each.total_rial for each in lines if each.good)
    first_rial = data.draw(st.integers(0, eligible_rial))
    second_rial = data.draw(st.integers(0, eligible_rial - first_rial))
    legs = [
        Leg(allowance=number, amount_rial=amount, left_rial=0)
        for number, amount in ((1, first_rial), (2, second_rial))
        if amount
    ]
    purchase, left = bought(tuple(lines), *legs), {1: 0, 2: 0}
    earlier, own_rial = NOTHING_YET, 0
    rest = {index: each.quantity for index, each in enumerate(lines)}
    while rest:
        index = data.draw(st.sampled_from(sorted(rest)))
        quantity = data.draw(st.integers(1, rest[index]))
        back = refund(1, purchase, tuple(lines), {index: quantity}, earlier, OpenLeft(left))
        assert back is not None
        assert sum(leg.amount_rial for leg in back.legs) == back.credit_rial
        assert back.own_rial >= 0
        left |= {leg.allowance: leg.left_rial for leg in back.legs}
        earlier, own_rial = after(earlier, back), own_rial + back.own_rial
        rest[index] -= quantity
        if not rest[index]:
            del rest[index]
    assert (earlier.credit_rial, own_rial) == (purchase.credit_rial, purchase.own_rial)
    assert left == {1: first_rial, 2: second_rial}
