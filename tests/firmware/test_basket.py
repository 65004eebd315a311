"""The basket: sums, merging, bounds, positions, labels, sane prices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.basket import (
    PRICE_RIAL_MAX,
    Basket,
    Bound,
    Change,
    Item,
    Label,
    Placed,
    price_is_unusual,
    read_label,
)
from sync.wire.facts import LINES_MAX
from sync.wire.kinds import Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.policy import Good

TEMPLATE = "2PIIIIIVVVVVC"
EGGS = Good(number=5, group=2, name="eggs", units=(Unit.TRAY, Unit.PIECE), low_rial=500, high_rial=900)


def thing(
    *,
    good: int = 1,
    gtin: int = 10,
    unit: Unit = Unit.PIECE,
    quantity: int = 1,
    price_rial: int = 100,
    keyed: bool = False,
) -> Item:
    return Item(
        good=good, gtin=gtin, name="n", unit=unit, quantity=quantity, price_rial=price_rial, keyed=keyed
    )


def put(basket: Basket, item: Item) -> Basket:
    change = basket.put(item)
    assert isinstance(change, Change)
    return change.basket


def test_listed_goods_are_eligible_and_others_are_not() -> None:
    basket = put(put(Basket(), thing()), thing(good=0, gtin=11, price_rial=40))
    assert (basket.total_rial, basket.eligible_rial) == (140, 100)


def test_equal_counted_things_share_a_line_and_keep_its_position() -> None:
    basket = put(put(put(Basket(), thing()), thing(gtin=11)), thing(quantity=2))
    assert [(line.position, line.item.quantity) for line in basket.lines] == [(1, 3), (2, 1)]


@pytest.mark.parametrize(
    "other",
    [thing(gtin=11), thing(good=2), thing(price_rial=101), thing(unit=Unit.TRAY)],
    ids=["gtin", "good", "price", "unit"],
)
def test_things_that_differ_have_lines_of_their_own(other: Item) -> None:
    assert len(put(put(Basket(), thing()), other).lines) == 2


def test_weighed_things_have_lines_of_their_own() -> None:
    bag = thing(unit=Unit.GRAM, quantity=500)
    assert len(put(put(Basket(), bag), bag).lines) == 2


def test_a_removed_position_is_not_used_again() -> None:
    basket = put(put(Basket(), thing()), thing(gtin=11))
    change = basket.without(2)
    assert change is not None
    assert change.before == change.line == Placed(2, thing(gtin=11))
    basket = put(change.basket, thing(gtin=12))
    assert [line.position for line in basket.lines] == [1, 3]
    assert basket.last == basket.at(3)
    assert basket.without(2) is None
    assert basket.at(2) is None


def test_an_empty_basket_has_no_last_line() -> None:
    assert Basket().last is None


def test_a_line_is_found_by_good_barcode_and_weight() -> None:
    basket = put(
        put(Basket(), thing(gtin=0, unit=Unit.GRAM, quantity=500)),
        thing(gtin=0, unit=Unit.GRAM, quantity=700),
    )
    found = basket.like(good=1, gtin=0, unit=Unit.GRAM, quantity=500)
    assert found is not None
    assert found.position == 1
    last = basket.like(good=1, gtin=0, unit=Unit.GRAM)
    assert last is not None
    assert last.position == 2
    assert basket.like(good=1, gtin=9, unit=Unit.GRAM) is None


def test_another_price_is_for_one_line_and_is_not_remembered() -> None:
    change = put(Basket(), thing(keyed=True)).repriced(1, 70)
    assert isinstance(change, Change)
    assert change.basket.total_rial == 70
    assert not change.line.item.keyed
    assert Basket().repriced(1, 70) is None


@pytest.mark.parametrize(
    ("unit", "quantity", "bound"),
    [
        (Unit.PIECE, 0, Bound.QUANTITY),
        (Unit.PIECE, 1, None),
        (Unit.PIECE, 999, None),
        (Unit.PIECE, 1000, Bound.QUANTITY),
        (Unit.TRAY, 99, None),
        (Unit.TRAY, 100, Bound.QUANTITY),
        (Unit.GRAM, 99_999, None),
        (Unit.GRAM, 100_000, Bound.QUANTITY),
    ],
)
def test_quantities_have_bounds(unit: Unit, quantity: int, bound: Bound | None) -> None:
    result = Basket().put(thing(unit=unit, quantity=quantity))
    assert (result if isinstance(result, Bound) else None) is bound


@pytest.mark.parametrize(
    ("price_rial", "bound"),
    [(0, Bound.PRICE), (1, None), (PRICE_RIAL_MAX, None), (PRICE_RIAL_MAX + 1, Bound.PRICE)],
)
def test_prices_have_bounds(price_rial: int, bound: Bound | None) -> None:
    result = Basket().put(thing(price_rial=price_rial))
    assert (result if isinstance(result, Bound) else None) is bound


def test_a_merged_quantity_has_the_same_bound() -> None:
    assert put(Basket(), thing(quantity=999)).put(thing()) is Bound.QUANTITY


def test_the_hundredth_line_does_not_fit_but_an_equal_thing_does() -> None:
    basket = Basket()
    for gtin in range(LINES_MAX):
        basket = put(basket, thing(gtin=gtin))
    assert basket.put(thing(gtin=LINES_MAX)) is Bound.FULL
    assert isinstance(basket.put(thing(gtin=5)), Change)


def test_the_sum_stays_within_what_the_wire_carries() -> None:
    dear = PRICE_RIAL_MAX
    basket = Basket()
    for gtin in range(10):
        basket = put(basket, thing(gtin=gtin, quantity=999, price_rial=dear))
    basket = put(basket, thing(gtin=50, quantity=10, price_rial=dear))
    assert basket.total_rial == AMOUNT_RIAL_MAX
    assert basket.put(thing(gtin=51, price_rial=1)) is Bound.AMOUNT


@given(
    st.lists(
        st.builds(
            thing,
            good=st.integers(0, 3), gtin=st.integers(0, 3), unit=st.sampled_from(Unit), quantity=st.integers(1, 20),
            price_rial=st.integers(1, 1000),
        ),
        max_size=30,
    )
)  # fmt: skip
def test_the_signed_lines_add_up_to_the_basket(items: list[Item]) -> None:
    basket = Basket()
    for item in items:
        basket = put(basket, item)
    lines = basket.wire()
    assert sum(line.total_rial for line in lines) == basket.total_rial
    counted = [item for item in items if item.unit is not Unit.GRAM]
    assert sum(line.quantity for line in lines if line.unit is not Unit.GRAM) == sum(
        item.quantity for item in counted
    )


@pytest.mark.parametrize(
    ("digits", "label"),
    [
        ("2300008012509", Label(8, 1250, 2_300_008_000_000)),
        ("2900008000018", Label(8, 1, 2_900_008_000_000)),
        ("2300008000000", None),
        ("0200008012509", None),
        ("230000801250", None),
    ],
    ids=["1250 g", "1 g", "weighs nothing", "another prefix", "too short"],
)
def test_a_label_is_read_by_the_template(digits: str, label: Label | None) -> None:
    assert read_label(TEMPLATE, digits) == label


@pytest.mark.parametrize("template", ["2PIIIIIVVVVV", "2PIIIIIPPPPPC", "2PPPPPPVVVVVC"])
def test_a_template_without_plu_or_weight_reads_nothing(template: str) -> None:
    assert read_label(template, "2300008012509") is None


@pytest.mark.parametrize(("price_rial", "unusual"), [(499, True), (500, False), (900, False), (901, True)])
def test_the_band_is_inclusive(price_rial: int, unusual: bool) -> None:
    assert price_is_unusual(EGGS, Unit.TRAY, price_rial) is unusual


def test_the_band_is_about_the_usual_unit_of_a_listed_good() -> None:
    assert not price_is_unusual(EGGS, Unit.PIECE, 1)
    assert not price_is_unusual(None, Unit.PIECE, 1)
