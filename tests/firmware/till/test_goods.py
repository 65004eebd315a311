"""Goods: barcodes, numbers, weights, prices, and how a line is taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire.kinds import EntryKind, MailKind, Unit
from tests.field_failure import field_failure
from tests.firmware.till.counter import JAM, MILK, OIL

if TYPE_CHECKING:
    from sync.wire.facts import Line
    from tests.firmware.till.counter import Counter

RICE_LABEL = "2300008012509"
"""Scale's label: PLU 8, which is rice, 1,250 grams."""
STRANGE_LABEL = "2300777012502"


def cash_lines(shop: Counter) -> list[Line]:
    """Sell for cash what lies there, and read the signed lines."""
    shop.press("+ Enter")
    assert shop.state is State.IDLE, shop.paper.last()
    return list(shop.last_entry(EntryKind.CASH_SALE).lines)


def test_a_count_before_a_scan_is_its_quantity(shop: Counter) -> None:
    shop.press("3 *")
    shop.scan(MILK)
    shop.press("35000 Enter")
    (line,) = cash_lines(shop)
    assert (line.good, line.gtin, line.unit, line.quantity, line.total_rial) == (
        1,
        int(MILK),
        Unit.PIECE,
        3,
        1_050_000,
    )


@field_failure("the second quantity is joined to the first", "odoo/odoo#75710")
def test_a_count_is_for_one_scan_and_for_no_later_one(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.press("2 *")
    shop.scan(MILK)
    shop.scan(JAM)
    shop.press("80000 Enter 2 *")
    shop.scan(MILK)
    assert [line.quantity for line in cash_lines(shop)] == [4, 1]


@field_failure("a scan becomes the quantity", "itpp-labs/pos-addons#50")
def test_two_scans_after_one_another_are_one_piece_of_each(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.scan(OIL)
    shop.press("120000 Enter + Enter")
    shop.scan(MILK)
    shop.scan(OIL)
    shop.scan(MILK)
    assert [(line.gtin, line.quantity) for line in cash_lines(shop)] == [(int(MILK), 2), (int(OIL), 1)]


def test_the_same_thing_scanned_again_shares_its_line(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(MILK)
    shop.press("35000 Enter")
    assert "مقدار عوض شد: ردیف ۱" in shop.paper.last()
    assert [line.quantity for line in cash_lines(shop)] == [2]


def test_eggs_go_by_the_tray_by_the_piece_and_by_weight(shop: Counter) -> None:
    shop.press("2 * 5 / 180000 Enter")
    shop.press("6 * 5.2 / 7000 Enter")
    shop.press("0.5 * 5 / 90000 Enter")
    lines = cash_lines(shop)
    assert [(line.unit, line.quantity) for line in lines] == [
        (Unit.TRAY, 2),
        (Unit.PIECE, 6),
        (Unit.GRAM, 500),
    ]
    assert [line.total_rial for line in lines] == [3_600_000, 420_000, 450_000]
    assert {line.gtin for line in lines} == {0}


def test_a_weighed_good_without_weight_asks_for_it(shop: Counter) -> None:
    shop.press("8 /")
    assert shop.state is State.WEIGHT
    shop.press("1250 Enter 95000 Enter")
    (line,) = cash_lines(shop)
    assert (line.unit, line.quantity, line.total_rial) == (Unit.GRAM, 1250, 1_187_500)


@pytest.mark.parametrize(("weight", "taken"), [("0", False), ("1", True), ("99999", True), ("100000", False)])
def test_a_weight_has_bounds(shop: Counter, weight: str, taken: bool) -> None:
    shop.press(f"8 / {weight} Enter")
    assert shop.state is (State.PRICE if taken else State.WEIGHT)


@pytest.mark.parametrize(("count", "taken"), [("999", True), ("1000", False)])
def test_a_count_has_bounds(shop: Counter, count: str, taken: bool) -> None:
    shop.press(f"{count} *")
    shop.scan(MILK)
    assert shop.state is (State.PRICE if taken else State.IDLE)


def test_a_label_is_read_by_the_shops_template(shop: Counter) -> None:
    shop.scan(RICE_LABEL)
    shop.press("95000 Enter")
    shop.scan(RICE_LABEL)
    shop.press("95000 Enter")
    lines = cash_lines(shop)
    assert [(line.good, line.gtin, line.unit, line.quantity) for line in lines] == [
        (8, 0, Unit.GRAM, 1250)
    ] * 2


@field_failure(
    "the last digits of a label are read as the wrong measure",
    "opensourcepos/opensourcepos#3188",
    "opensourcepos/opensourcepos#2417",
)
@pytest.mark.parametrize(
    ("template", "read"),
    [("2PIIIIIVVVVVC", (8, 1_250)), ("2PPIIIIVVVVPC", (8, 125)), ("2PIIIIIPPPPPC", None)],
)
def test_the_same_label_says_what_the_shops_template_says(
    shop: Counter, template: str, read: tuple[int, int] | None
) -> None:
    known = shop.journal.shop
    assert known is not None
    shop.send(replace(known, label_template=template), MailKind.SHOP)
    shop.scan("2300008012509")
    if read is None:
        assert (shop.state, shop.paper.sounds) == (State.IDLE, [Sound.LOOK])
    else:
        shop.press("95000 Enter")
        (line,) = cash_lines(shop)
        assert (line.good, line.quantity) == read


def test_a_label_of_no_listed_good_is_own_money_under_its_own_number(shop: Counter) -> None:
    shop.scan(STRANGE_LABEL)
    shop.press("10000 Enter")
    (line,) = cash_lines(shop)
    assert (line.good, line.gtin, line.quantity) == (0, 2_300_777_000_000, 1250)


def test_an_unknown_barcode_is_own_money_and_keeps_its_number(shop: Counter) -> None:
    shop.scan(JAM)
    assert "آزاد" not in shop.paper.text()
    shop.press("80000 Enter")
    assert "آزاد" in shop.paper.last()
    (line,) = cash_lines(shop)
    assert (line.good, line.gtin) == (0, int(JAM))


@field_failure(
    "an unknown barcode becomes a good that looks like it",
    "thulanesigasa/rulership_erp#11",
    "thulanesigasa/rulership_erp#12",
)
@pytest.mark.parametrize(
    "number",
    ["16260000000016", "6260000000101", "0626000000019", "62600002"],
    ids=["the carton of it", "the next number", "shifted", "the beginning of it"],
)
def test_a_number_like_a_listed_one_is_not_the_listed_good(shop: Counter, number: str) -> None:
    shop.scan(number)
    shop.press("80000 Enter")
    (line,) = cash_lines(shop)
    assert (line.good, line.gtin) == (0, int(number))


def test_an_unknown_barcode_cannot_be_typed_in(shop: Counter) -> None:
    shop.press(f"{JAM} Enter")
    assert shop.state is State.IDLE
    assert shop.paper.sounds == [Sound.LOOK]
    shop.press(f"{MILK} Enter")
    assert shop.state is State.PRICE


@pytest.mark.parametrize("keys", ["12 /", "4 /", "1.2 /", "0.5 * 1 /"])
def test_no_good_is_made_up_from_a_number_or_unit_that_the_policy_lacks(shop: Counter, keys: str) -> None:
    shop.press(keys)
    assert shop.state is State.IDLE
    assert shop.paper.sounds == [Sound.LOOK]


@pytest.mark.parametrize(
    ("toman", "unusual"), [("9999", True), ("10000", False), ("200000", False), ("200001", True)]
)
def test_a_price_outside_the_goods_band_must_be_confirmed(shop: Counter, toman: str, unusual: bool) -> None:
    shop.scan(MILK)
    shop.press(f"{toman} Enter")
    assert shop.state is (State.PRICE if unusual else State.BASKET)
    if unusual:
        shop.press("Enter")
        assert shop.state is State.BASKET
    assert cash_lines(shop)[0].price_rial == int(toman) * 10


def test_an_unusual_price_may_be_keyed_anew_instead(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("350 Enter 35000 Enter")
    assert cash_lines(shop)[0].price_rial == 350_000


@pytest.mark.parametrize("keys", ["0 Enter", "1.5 Enter", "Enter", "1000000001 Enter"])
def test_what_is_no_price_is_asked_for_again(shop: Counter, keys: str) -> None:
    shop.scan(JAM)
    shop.press(keys)
    assert shop.state is State.PRICE
    assert shop.paper.sounds[-1] is Sound.LOOK


def test_minus_takes_back_a_thing_that_waits_for_its_price(shop: Counter) -> None:
    shop.scan(JAM)
    shop.press("-")
    assert shop.state is State.IDLE


def test_the_price_of_the_last_line_is_corrected_for_this_basket_only(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.scan(MILK)
    shop.press("*1 * 30000 Enter")
    assert "قیمت عوض شد" in shop.paper.last()
    assert cash_lines(shop)[0].price_rial == 300_000
    shop.scan(MILK)
    assert cash_lines(shop)[0].price_rial == 350_000


def test_an_unusual_correction_must_be_meant(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter *1 Enter 350 Enter")
    assert shop.state is State.ASKING
    shop.press("Enter")
    assert shop.state is State.BASKET
    assert cash_lines(shop)[0].price_rial == 3_500


def test_lines_are_removed_last_first_by_position_or_by_scan(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(JAM)
    shop.press("80000 Enter 5 / 180000 Enter")
    shop.press("-")
    assert "حذف شد: ردیف ۳" in shop.paper.last()
    shop.press("0 *")
    shop.scan(JAM)
    assert "حذف شد: ردیف ۲" in shop.paper.last()
    shop.press("2 -")
    assert shop.paper.sounds[-1] is Sound.LOOK
    shop.press("1 -")
    assert shop.state is State.IDLE


def test_a_label_is_removed_by_its_own_weight(shop: Counter) -> None:
    shop.scan(RICE_LABEL)
    shop.press("95000 Enter 0.5 * 8 / 95000 Enter 0 *")
    shop.scan(RICE_LABEL)
    assert [line.quantity for line in cash_lines(shop)] == [500]


@field_failure("a bad scan makes no sound", "woocommerce/woocommerce-ios#15823")
def test_a_bad_scan_changes_nothing_and_looks(shop: Counter) -> None:
    shop.press("3 *")
    shop.scan_badly()
    assert shop.paper.sounds == [Sound.LOOK]
    shop.scan(MILK)
    shop.press("35000 Enter")
    assert cash_lines(shop)[0].quantity == 1


def test_half_typed_keys_are_no_quantity(shop: Counter) -> None:
    shop.press("12")
    shop.scan(MILK)
    assert shop.paper.sounds == [Sound.LOOK]
    assert shop.state is State.IDLE


def test_lost_keys_throw_away_what_was_half_typed(shop: Counter) -> None:
    shop.press("3 *")
    shop.lose_keys()
    shop.scan(MILK)
    shop.press("35000 Enter")
    assert cash_lines(shop)[0].quantity == 1


def test_the_hundredth_line_is_refused(shop: Counter) -> None:
    for toman in range(101, 200):
        shop.press(f"8 / 1 Enter {toman}000 Enter")
    assert len(shop.till._talk.basket.lines) == 99
    shop.press("8 / 1 Enter 250000 Enter")
    assert shop.paper.sounds[-1] is Sound.LOOK
    assert len(cash_lines(shop)) == 99
