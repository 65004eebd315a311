"""A day without a printer: who goes on selling, within which limits, and what comes out in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire.facts import Decline, Purchase
from sync.wire.kinds import DeclineReason, EntryKind
from tests.firmware.till.counter import MILK

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter


def sell(shop: Counter, purchases: int) -> None:
    for _ in range(purchases):
        shop.scan(MILK)
        if shop.state is State.PRICE:
            shop.press("35000 Enter")
        shop.scan_card(shop.members[0])
        shop.press("+ 0001 Enter")


def reason(shop: Counter) -> DeclineReason:
    fact = shop.last_entry(EntryKind.DECLINE).fact
    assert isinstance(fact, Decline)
    return fact.reason


def test_a_day_without_a_printer_sells_on_where_amounts_are_seen(shop: Counter) -> None:
    shop.paper.is_loud = shop.paper.has_display = True
    shop.paper.run_out()
    sell(shop, 3)
    assert shop.count(EntryKind.PURCHASE) == 3
    assert shop.paper.sounds.count(Sound.APPROVED) == 3
    assert shop.paper.sounds[-1] is Sound.LOOK, "the receipt is missing"
    shop.wait_s(3_600)
    assert len(shop.till._talk.owed) == 3
    shop.paper.refill()
    shop.wait_s(5 + 3)
    assert shop.paper.text().count("رسید خرید") == 3
    assert not shop.till._talk.owed


def test_who_comes_while_much_is_owed_is_served_between_two_slips(shop: Counter) -> None:
    shop.paper.is_loud = shop.paper.has_display = True
    shop.paper.run_out()
    sell(shop, 3)
    shop.paper.refill()
    while len(shop.till._talk.owed) == 3:
        shop.wait_s(1)
    assert len(shop.till._talk.owed) == 2, "one at a time"
    shop.scan(MILK)
    shop.wait_s(20)
    assert len(shop.till._talk.owed) == 2, "nothing of another household's comes into an open strip"
    shop.scan_card(shop.members[1])
    shop.press("+ 0002 Enter")
    assert len(shop.till._talk.owed) == 2, "what is owed longer comes first"
    shop.wait_s(2)
    assert not shop.till._talk.owed
    assert shop.paper.text().count("رسید خرید") == 4
    assert shop.paper.text().count("رونوشت") == 0


def test_without_a_printer_the_policy_bounds_receipts_that_are_owed(shop: Counter) -> None:
    shop.rules(device_purchases=2)
    shop.paper.is_loud = shop.paper.has_display = True
    shop.paper.run_out()
    shop.scan(MILK)
    shop.press("35000 Enter + Enter")
    shop.scan(MILK)
    shop.press("+ Enter")
    assert shop.count(EntryKind.CASH_SALE) == 2
    sell(shop, 1)
    assert shop.count(EntryKind.PURCHASE) == 0
    assert reason(shop) is DeclineReason.NO_PAPER
    assert Sound.REFUSED in shop.paper.sounds
    shop.paper.refill()
    shop.wait_s(400)
    assert not shop.till._talk.owed
    sell(shop, 1)
    assert shop.count(EntryKind.PURCHASE) == 1


def test_without_a_printer_the_policy_bounds_the_credit_of_a_purchase(shop: Counter) -> None:
    shop.rules(stated_purchase_credit_rial=100_000)
    shop.paper.is_loud = shop.paper.has_display = True
    shop.paper.run_out()
    sell(shop, 1)
    assert shop.count(EntryKind.PURCHASE) == 0
    assert reason(shop) is DeclineReason.PURCHASE_LIMIT
    shop.paper.refill()
    shop.press("+ 0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_more_is_owed_than_a_flicker_leaves_and_nothing_of_it_is_forgotten(shop: Counter) -> None:
    shop.paper.is_loud = shop.paper.has_display = True
    shop.paper.run_out()
    shop.scan(MILK)
    shop.press("35000 Enter + Enter")
    for _ in range(19):
        shop.scan(MILK)
        shop.press("+ Enter *11 Enter")
    assert len(shop.till._talk.owed) == 20 + 19
    shop.cut_power()
    shop.wait_s(20 + 19)
    assert not shop.till._talk.owed
    assert shop.paper.text().count("رسید فروش نقدی") == 20
    assert shop.paper.text().count("گزارش X") == 19


def without_a_voice_of_its_own(shop: Counter) -> None:
    """A till that has only its printer, whose cable is out, and a keypad with a light."""
    shop.paper.flashes = 4
    shop.paper.run_out()


def fill(shop: Counter, *, packs: int = 2) -> None:
    shop.press(f"{packs} *")
    shop.scan(MILK)
    if shop.state is State.PRICE:
        shop.press("35000 Enter")
    shop.scan_card(shop.members[0])


def test_a_till_whose_only_voice_is_its_printer_sells_on_by_the_keypads_light(shop: Counter) -> None:
    without_a_voice_of_its_own(shop)
    fill(shop)
    shop.press("65000 +")
    assert shop.state is State.FLASHES
    shop.press("4 Enter")
    assert shop.state is State.SUM
    shop.press("70000 Enter")
    assert shop.state is State.TOTALED
    shop.press("0001 Enter")
    purchase = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(purchase, Purchase)
    assert (purchase.credit_rial, purchase.own_rial) == (650_000, 50_000)
    assert Sound.APPROVED in shop.paper.sounds
    fill(shop, packs=1)
    shop.press("30000 +")
    assert shop.state is State.SUM, "the light is known to be seen"
    shop.press("35000 Enter 0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 2
    shop.paper.refill()
    shop.wait_s(6)
    assert shop.paper.text().count("رسید خرید") == 2


def test_a_light_that_nobody_has_counted_sells_nothing(shop: Counter) -> None:
    without_a_voice_of_its_own(shop)
    fill(shop)
    for wrong in ("3", "5", "04", "44"):
        shop.press(f"+ {wrong} Enter")
        assert shop.state is State.FLASHES
        shop.press("-")
    shop.press("+ Enter")
    assert shop.state is State.FLASHES, "it flashes again"
    shop.press("70000 Enter 0001 Enter - 0001 Enter Enter")
    assert shop.count(EntryKind.PURCHASE) == 0


def test_a_till_that_nobody_hears_or_sees_sells_nothing(shop: Counter) -> None:
    shop.paper.run_out()
    fill(shop)
    shop.press("+")
    assert shop.state is State.BASKET
    shop.press("70000 Enter 0001 Enter Enter")
    assert shop.count(EntryKind.PURCHASE) == 0


@pytest.mark.parametrize(
    ("typed", "goes_on"), [("69999", False), ("70000", True), ("70001", False), ("700000", False)]
)
def test_where_no_amount_is_seen_only_the_right_sum_goes_on_to_the_pin(
    shop: Counter, typed: str, *, goes_on: bool
) -> None:
    shop.paper.is_loud = True
    shop.paper.run_out()
    fill(shop)
    shop.press(f"65000 + {typed} Enter")
    assert (shop.state is State.TOTALED) is goes_on
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == goes_on


def test_single_rials_of_a_weighed_line_are_nobodys_reckoning(shop: Counter) -> None:
    shop.paper.is_loud = True
    shop.paper.run_out()
    shop.press("1.235 * 8 / 89123 Enter")
    assert shop.till._talk.basket.total_rial == 1_100_669
    shop.press("+ 110065 Enter")
    assert shop.state is State.SUM
    shop.press("110068 Enter")
    assert shop.state is State.SUM
    shop.press("110067 Enter Enter")
    assert shop.count(EntryKind.CASH_SALE) == 1


def test_where_no_amount_is_seen_credit_pays_what_was_said_or_nothing_goes_on(shop: Counter) -> None:
    shop.rules(minimum_own_rial=100_000, cash_step_rial=0)
    shop.paper.is_loud = True
    shop.paper.run_out()
    fill(shop)
    shop.press("+")
    assert shop.state is State.BASKET, "not all of it is paid by credit, and nobody said how much is"
    assert shop.paper.sounds[-1] is Sound.LOOK
    shop.press("60001 +")
    assert shop.state is State.BASKET, "more than credit pays here"
    shop.press("60000 +")
    assert shop.state is State.SUM
    shop.press("70000 Enter 0001 Enter")
    purchase = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(purchase, Purchase)
    assert (purchase.credit_rial, purchase.own_rial) == (600_000, 100_000)


def test_what_makes_the_cash_payable_in_coins_is_as_good_as_said(shop: Counter) -> None:
    shop.rules(cash_step_rial=50_000)
    shop.paper.is_loud = True
    shop.paper.run_out()
    fill(shop)
    shop.press("56789 + 70000 Enter 0001 Enter")
    purchase = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(purchase, Purchase)
    assert (purchase.credit_rial, purchase.own_rial) == (550_000, 150_000)


def test_without_paper_and_amounts_the_same_limits_hold(shop: Counter) -> None:
    shop.rules(device_purchases=1, stated_purchase_credit_rial=500_000)
    without_a_voice_of_its_own(shop)
    fill(shop)
    shop.press("65000 + 4 Enter")
    assert shop.state is State.BASKET
    assert reason(shop) is DeclineReason.PURCHASE_LIMIT
    shop.press("0 + 70000 Enter Enter")
    assert shop.count(EntryKind.CASH_SALE) == 1
    shop.scan(MILK)
    shop.press("+")
    assert shop.state is State.BASKET
    assert reason(shop) is DeclineReason.NO_PAPER


def test_what_paper_would_have_asked_is_sounded(shop: Counter) -> None:
    shop.paper.is_loud = True
    shop.paper.run_out()
    shop.scan(MILK)
    assert shop.state is State.PRICE
    assert shop.paper.sounds == [Sound.LOOK], "a price is missing"
    shop.press("35000 Enter")
    assert shop.paper.sounds == [Sound.LOOK, Sound.ACCEPTED]


def test_total_alone_is_enough_where_credit_pays_all_of_it(shop: Counter) -> None:
    shop.rules(minimum_own_rial=0)
    shop.paper.is_loud = True
    shop.paper.run_out()
    fill(shop)
    shop.press("+ 70000 Enter 0001 Enter")
    purchase = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(purchase, Purchase)
    assert (purchase.credit_rial, purchase.own_rial) == (700_000, 0)
