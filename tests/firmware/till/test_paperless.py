"""A day without a printer: who goes on selling, within which limits, and what comes out in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire.facts import Decline
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


def test_a_day_without_a_printer_sells_on_where_the_till_has_another_voice(shop: Counter) -> None:
    shop.paper.has_other_voice = True
    shop.paper.run_out()
    sell(shop, 3)
    assert shop.count(EntryKind.PURCHASE) == 3
    assert shop.paper.sounds.count(Sound.APPROVED) == 3
    assert shop.paper.sounds[-1] is Sound.LOOK, "the receipt is missing"
    shop.wait_s(3_600)
    assert len(shop.till._talk.owed) == 3
    shop.paper.refill()
    shop.wait_s(6)
    assert shop.paper.text().count("رسید خرید") == 3
    assert not shop.till._talk.owed


def test_without_a_printer_the_policy_bounds_receipts_that_are_owed(shop: Counter) -> None:
    shop.rules(device_purchases=2)
    shop.paper.has_other_voice = True
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
    shop.paper.has_other_voice = True
    shop.paper.run_out()
    sell(shop, 1)
    assert shop.count(EntryKind.PURCHASE) == 0
    assert reason(shop) is DeclineReason.PURCHASE_LIMIT
    shop.paper.refill()
    shop.press("+ 0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_more_is_owed_than_a_flicker_leaves_and_nothing_of_it_is_forgotten(shop: Counter) -> None:
    shop.paper.has_other_voice = True
    shop.paper.run_out()
    shop.scan(MILK)
    shop.press("35000 Enter + Enter")
    for _ in range(19):
        shop.scan(MILK)
        shop.press("+ Enter *11 Enter")
    assert len(shop.till._talk.owed) == 20 + 19
    shop.cut_power()
    assert not shop.till._talk.owed
    assert shop.paper.text().count("رسید فروش نقدی") == 20
    assert shop.paper.text().count("گزارش X") == 19
