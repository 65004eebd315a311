"""Labels that say more than the good's number: weight, count, price, and the last day of sale."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.receipt import persian
from firmware.receipt.prompt_slips import Prompt
from firmware.till.states import State
from sync.wire import catalog
from sync.wire.facts import Refund
from sync.wire.kinds import EntryKind, Unit
from tests.firmware.till.counter import JAM, MILK, MORNING_S, PRODUCTS

if TYPE_CHECKING:
    from sync.wire.facts import Line
    from tests.firmware.till.counter import Counter

CHEESE = "96260000000012"
"""A packer's number for something that goes by weight; not in the approved list."""
RICE = "96260000000029"
"""The same, in the list: good 8 by weight."""
MILK_GTIN, JAM_GTIN = f"0{MILK}", f"0{JAM}"
TODAY = datetime.fromtimestamp(MORNING_S, tz=persian.IRAN).date()


@pytest.fixture
def packed(shop: Counter) -> Counter:
    """The shop, with packed rice in the list."""
    rice = catalog.Product(gtin=int(RICE), good=8, name="برنج بسته‌ای", unit=Unit.GRAM)
    shop.deliver(*shop.center.rules(products=(*PRODUCTS, rice)))
    shop.paper.tear_off()
    return shop


def cash_lines(shop: Counter) -> list[Line]:
    shop.press("+ Enter")
    assert shop.state is State.IDLE, shop.paper.last()
    return list(shop.last_entry(EntryKind.CASH_SALE).lines)


def told(shop: Counter, prompt: Prompt) -> bool:
    return (
        shop.paper.sounds[-1:] == [Sound.LOOK]
        and prompt.value.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))) in shop.paper.last()
    )


def test_the_labels_weight_is_the_lines_and_its_price_the_shops(packed: Counter) -> None:
    packed.scan(f"01{RICE}3103001250")
    packed.press("95000 Enter")
    packed.scan(f"]C101{RICE}3102000050")
    packed.press("95000 Enter")
    assert [(line.good, line.unit, line.quantity, line.total_rial) for line in cash_lines(packed)] == [
        (8, Unit.GRAM, 1250, 1_187_500),
        (8, Unit.GRAM, 500, 475_000),
    ]


def test_a_weighed_thing_outside_the_list_is_own_money_by_its_weight(shop: Counter) -> None:
    shop.scan(f"01{CHEESE}3103000250")
    shop.press("400000 Enter")
    (line,) = cash_lines(shop)
    assert (line.good, line.gtin, line.unit, line.quantity) == (0, int(CHEESE), Unit.GRAM, 250)


@pytest.mark.parametrize("grams", [1, 250, 999, 1000])
@pytest.mark.parametrize("label_rial", [1_187_500, 999_999, 1_000_001])
def test_a_labels_price_is_what_the_line_costs(shop: Counter, grams: int, label_rial: int) -> None:
    shop.scan(f"01{CHEESE}3103{grams:06d}3920{label_rial}")
    (line,) = cash_lines(shop)
    assert (line.quantity, line.total_rial) == (grams, label_rial)


@pytest.mark.parametrize("grams", [1001, 3333, 99_999])
def test_above_a_kilogram_the_line_costs_at_most_what_the_label_says(shop: Counter, grams: int) -> None:
    label_rial = 7_654_321
    shop.scan(f"01{CHEESE}3103{grams:06d}3920{label_rial}")
    (line,) = cash_lines(shop)
    assert label_rial - grams / 1000 <= line.total_rial <= label_rial


def test_a_labels_price_is_not_remembered(shop: Counter) -> None:
    shop.scan(f"01{JAM_GTIN}3920800000")
    assert cash_lines(shop)[0].price_rial == 800_000
    shop.scan(JAM)
    assert shop.state is State.PRICE


def test_a_labels_price_outside_the_band_must_be_meant_and_is_not_remembered_either(shop: Counter) -> None:
    # A scale that prints toman where rial belong.
    shop.scan(f"01{MILK_GTIN}392035000")
    assert shop.state is State.PRICE
    assert told(shop, Prompt.PRICE_UNUSUAL)
    assert "روی برچسب: ۳٬۵۰۰ تومان" in shop.paper.last()
    shop.press("Enter")
    assert cash_lines(shop)[0].price_rial == 35_000
    shop.scan(MILK)
    assert shop.state is State.PRICE


def test_another_price_may_be_keyed_instead_and_that_one_is_remembered(shop: Counter) -> None:
    shop.scan(f"01{MILK_GTIN}392035000")
    shop.press("35000 Enter")
    assert cash_lines(shop)[0].price_rial == 350_000
    shop.scan(MILK)
    assert shop.state is State.BASKET


def test_a_count_on_the_label_shares_its_price(shop: Counter) -> None:
    shop.scan(f"01{JAM_GTIN}3006\x1d3920600000")
    (line,) = cash_lines(shop)
    assert (line.quantity, line.price_rial, line.total_rial) == (6, 100_000, 600_000)


@pytest.mark.parametrize(
    ("keys", "label", "prompt"),
    [
        ("2 *", f"01{CHEESE}3103000250", Prompt.QUANTITY),
        ("2 *", f"01{JAM_GTIN}3006", Prompt.QUANTITY),
        ("0.5 *", f"01{JAM_GTIN}392050000", Prompt.QUANTITY),
        ("12", f"01{CHEESE}3103000250", Prompt.BAD_KEYS),
        ("", f"01{CHEESE}3100100000", Prompt.WEIGHT),
        ("", f"01{JAM_GTIN}3007\x1d3920100", Prompt.BAD_SCAN),
        ("", f"01{CHEESE}3103000001392099999999", Prompt.BAD_SCAN),
        ("", f"01{JAM_GTIN}301000\x1d3920100000", Prompt.QUANTITY),
        ("", f"01{CHEESE}3202000250", Prompt.BAD_SCAN),
        ("", f"01{JAM_GTIN}3932840500", Prompt.BAD_SCAN),
        ("", "]C100200000000000000004", Prompt.SCAN_NOT_HERE),
    ],
)
def test_a_label_that_contradicts_what_was_typed_or_cannot_be_priced_sells_nothing(
    shop: Counter, keys: str, label: str, prompt: Prompt
) -> None:
    shop.press(keys)
    shop.scan(label)
    assert told(shop, prompt), shop.paper.last()
    assert shop.state is State.IDLE


def test_a_price_without_weight_for_a_good_by_weight_sells_nothing(packed: Counter) -> None:
    packed.scan(f"01{RICE}3920950000")
    assert told(packed, Prompt.LABEL_WITHOUT_WEIGHT)
    packed.scan(f"01{RICE}10LOT")
    assert packed.state is State.WEIGHT


def test_a_count_typed_before_a_label_with_a_price_is_so_many_of_it(shop: Counter) -> None:
    shop.press("3 *")
    shop.scan(f"01{JAM_GTIN}3920800000")
    (line,) = cash_lines(shop)
    assert (line.quantity, line.total_rial) == (3, 2_400_000)


def test_a_label_takes_its_own_line_out_again(shop: Counter) -> None:
    for grams in (250, 300):
        shop.scan(f"01{CHEESE}3103{grams:06d}3920{grams}000")
    shop.press("0 *")
    shop.scan(f"01{CHEESE}3103000250")
    assert [line.quantity for line in cash_lines(shop)] == [300]


# the last day


def label_until(days: int, *, ai: str = "17") -> str:
    return f"01{MILK_GTIN}{ai}{TODAY + timedelta(days=days):%y%m%d}"


@pytest.mark.parametrize("ai", ["17", "16"])
@pytest.mark.parametrize(("days", "sold"), [(-1, False), (0, True), (1, True)])
def test_what_is_past_its_last_day_is_not_sold(shop: Counter, days: int, ai: str, *, sold: bool) -> None:
    shop.scan(label_until(days, ai=ai))
    assert shop.state is (State.PRICE if sold else State.IDLE)
    assert told(shop, Prompt.EXPIRED) is not sold


def test_its_last_day_ends_at_midnight_in_iran(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=persian.IRAN) + timedelta(days=1)
    shop.clock.advance_s(int(midnight.timestamp()) - MORNING_S - 60)
    shop.scan(label_until(0))
    assert shop.state is State.BASKET
    shop.clock.advance_s(120 + 60)
    shop.press("-")
    shop.scan(label_until(0))
    assert told(shop, Prompt.EXPIRED)


def test_day_zero_is_the_end_of_its_month_and_best_before_binds_nobody(shop: Counter) -> None:
    shop.scan(f"01{MILK_GTIN}17{TODAY:%y%m}00")
    assert shop.state is State.PRICE
    shop.press("-")
    shop.scan(label_until(-100, ai="15"))
    assert shop.state is State.PRICE


def test_a_till_that_does_not_know_the_day_refuses_only_what_is_past_for_sure(shop: Counter) -> None:
    shop.clock.power_cycle()
    shop.cut_power(machine=True)
    if shop.state is State.ASKING:
        shop.press("-")
    floor_s = shop.journal.keeper.now().not_before_s
    floor = datetime.fromtimestamp(floor_s, tz=persian.IRAN).date()
    shop.scan(f"01{MILK_GTIN}17{floor - timedelta(days=1):%y%m%d}")
    assert told(shop, Prompt.EXPIRED)
    shop.scan(f"01{MILK_GTIN}17{floor:%y%m%d}")
    assert shop.state is State.PRICE


# elsewhere


def test_a_label_chooses_what_comes_back_and_whose_price_changes(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0], packs=3)
    shop.press(f"*14 Enter 7391 Enter {shop.receipt_keys(entry)} Enter 2 *")
    assert shop.state is State.RETURNS
    shop.scan(f"01{MILK_GTIN}10LOT\x1d17991231")
    shop.press("+ Enter")
    refund = shop.last_entry(EntryKind.REFUND)
    assert isinstance(refund.fact, Refund)
    assert [line.quantity for line in refund.fact.lines] == [2]
    shop.press("*16 Enter 7391 Enter")
    shop.scan(f"01{MILK_GTIN}17991231")
    assert shop.state is State.NEW_PRICE
