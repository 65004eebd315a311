"""What comes back with returned goods: credit first, allowances in reverse, and parts that add up to the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.wire.facts import Leg, Line, Purchase, Refund, RefundLine
from sync.wire.kinds import Unit
from sync.wire.refunds import Returned, Share, returned_by, share

NOTHING = returned_by(())


def line(*, good: int, unit: Unit, quantity: int, price_rial: int) -> Line:
    return Line(good=good, gtin=0, unit=unit, price_rial=price_rial, quantity=quantity)


LINES = (
    line(good=1, unit=Unit.PIECE, quantity=3, price_rial=100_000),
    line(good=4, unit=Unit.GRAM, quantity=1_235, price_rial=890_001),
    line(good=0, unit=Unit.PIECE, quantity=2, price_rial=50_000),
)
LEGS = (
    Leg(allowance=11, amount_rial=250_000, left_rial=0),
    Leg(allowance=12, amount_rial=750_000, left_rial=40_000),
)
TOTAL_RIAL = sum(each.total_rial for each in LINES)
PURCHASE = Purchase(
    policy=2, catalog=1, total_rial=TOTAL_RIAL, credit_rial=1_000_000, own_rial=TOTAL_RIAL - 1_000_000, legs=LEGS,
    number=1, credit_so_far_rial=1_000_000,
)  # fmt: skip


def refund(back: dict[int, int], given: Share) -> Refund:
    return Refund(
        purchase=8,
        lines=tuple(RefundLine(index=index, quantity=quantity) for index, quantity in back.items()),
        credit_rial=given.credit_rial,
        own_rial=given.own_rial,
        legs=tuple(Leg(allowance=number, amount_rial=amount, left_rial=0) for number, amount in given.legs),
    )


def test_goods_of_the_list_give_back_credit_the_latest_allowance_first() -> None:
    assert share(PURCHASE, LINES, {0: 2}, NOTHING) == Share(200_000, 0, ((12, 200_000),))


def test_other_goods_give_back_own_money_only() -> None:
    assert share(PURCHASE, LINES, {2: 1}, NOTHING) == Share(0, 50_000, ())
    assert share(PURCHASE, LINES, {0: 1, 2: 2}, NOTHING) == Share(100_000, 100_000, ((12, 100_000),))


def test_beyond_the_credit_part_own_money_comes_back() -> None:
    whole = {index: each.quantity for index, each in enumerate(LINES)}
    assert share(PURCHASE, LINES, whole, NOTHING) == Share(
        PURCHASE.credit_rial, PURCHASE.own_rial, ((12, 750_000), (11, 250_000))
    )


def test_what_an_earlier_refund_gave_is_not_given_again() -> None:
    first = share(PURCHASE, LINES, {1: 1_235 - 400}, NOTHING)
    assert first == Share(743_151, 0, ((12, 743_151),))
    earlier = returned_by([refund({1: 835}, first)])
    assert earlier == Returned(743_151, {1: 835}, {12: 743_151})
    assert share(PURCHASE, LINES, {0: 3}, earlier) == Share(256_849, 43_151, ((12, 6_849), (11, 250_000)))


def test_more_than_was_bought_or_nothing_does_not_come_back() -> None:
    earlier = Returned(0, {0: 2}, {})
    assert share(PURCHASE, LINES, {0: 1}, earlier) is not None
    for back in ({0: 2}, {1: 1_236}, {3: 1}, {-1: 1}, {0: 0}, {0: -1}, {}):
        assert share(PURCHASE, LINES, back, earlier) is None


@given(st.data())
def test_parts_add_up_to_the_whole_however_they_are_cut(data: st.DataObject) -> None:
    left = {index: each.quantity for index, each in enumerate(LINES)}
    refunds: list[Refund] = []
    while left:
        index = data.draw(st.sampled_from(sorted(left)))
        quantity = data.draw(st.integers(1, left[index]))
        given_back = share(PURCHASE, LINES, {index: quantity}, returned_by(refunds))
        assert given_back is not None
        assert sum(amount for _, amount in given_back.legs) == given_back.credit_rial
        refunds.append(refund({index: quantity}, given_back))
        left[index] -= quantity
        left = {each: rest for each, rest in left.items() if rest}
        if len(refunds) == 8:
            refunds_left = share(PURCHASE, LINES, left, returned_by(refunds)) if left else None
            if refunds_left is not None:
                refunds.append(refund(left, refunds_left))
            break
    assert sum(each.credit_rial for each in refunds) == PURCHASE.credit_rial
    assert sum(each.own_rial for each in refunds) == PURCHASE.own_rial
    assert returned_by(refunds).leg_rial == {leg.allowance: leg.amount_rial for leg in LEGS}
