"""Void and refund: what goes back, what may not, and who must say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire.facts import Decline, Purchase, Refund, Void
from sync.wire.kinds import DeclineReason, EntryKind
from sync.wire.numbers import receipt_number
from tests.firmware.till.counter import JAM, MILK

if TYPE_CHECKING:
    from sync.wire.entry import Entry
    from tests.firmware.till.counter import Counter

OPERATOR = "7391"


def start_void(shop: Counter, entry: Entry) -> None:
    shop.press(f"*13 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter")


def start_refund(shop: Counter, entry: Entry) -> None:
    shop.press(f"*14 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter")


def mixed_purchase(shop: Counter) -> Entry:
    """Four packs of milk, two jars of jam, half a kilogram of rice; nearly all milk and rice on credit."""
    shop.press("4 *")
    shop.scan(MILK)
    shop.press("35000 Enter 2 *")
    shop.scan(JAM)
    shop.press("80000 Enter 0.5 * 8 / 100000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+ 0001 Enter")
    return shop.last_entry(EntryKind.PURCHASE)


def test_a_void_gives_everything_back(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    start_void(shop, entry)
    assert "رسید نیست" in shop.paper.last()
    assert shop.count(EntryKind.VOID) == 0
    shop.press("Enter")
    void = shop.last_entry(EntryKind.VOID)
    assert isinstance(void.fact, Void)
    assert (void.fact.purchase, void.fact.credit_rial, void.fact.own_rial) == (
        entry.sequence,
        300_000,
        50_000,
    )
    assert void.private is not None
    assert void.private.household == 1
    assert shop.left_rial(1) == 40_000_000
    assert "خرید باطل شد" in shop.paper.last()


def test_a_void_needs_the_operator(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*13 * {shop.receipt_keys(entry)} Enter Enter Enter")
    assert shop.state is State.OPERATOR_PIN
    shop.press("- Enter")
    assert shop.count(EntryKind.VOID) == 0


def test_a_number_beyond_all_entries_is_no_receipt_of_this_till(shop: Counter) -> None:
    number = receipt_number(device=shop.journal.identity.device, sequence=10**20)
    shop.press(f"*13 * {number} Enter {OPERATOR} Enter")
    assert shop.last_entry(EntryKind.DECLINE).fact == Decline(reason=DeclineReason.NOT_FOUND, total_rial=0)


def test_minus_leaves_the_purchase_as_it_is(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    start_void(shop, entry)
    shop.press("- Enter")
    assert shop.count(EntryKind.VOID) == 0


def test_the_receipt_may_be_scanned_instead_of_typed(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    qr = shop.paper.last().splitlines()[-1]
    shop.press(f"*13 Enter {OPERATOR} Enter")
    shop.scan(qr)
    shop.press("Enter")
    assert shop.count(EntryKind.VOID) == 1


def test_the_whole_number_is_understood_and_a_wrong_check_digit_is_not(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    sequence, check = shop.receipt_keys(entry).split("-")
    for wrong in (f"{sequence}-{(int(check) + 1) % 10}", f"1002-{sequence}-{check}", sequence):
        shop.press(f"*13 * {wrong} Enter {OPERATOR} Enter")
        assert shop.facts()[-1] == Decline(reason=DeclineReason.NOT_FOUND, total_rial=0)
    shop.press(f"*13 * 1001-{sequence}-{check} Enter {OPERATOR} Enter Enter")
    assert shop.count(EntryKind.VOID) == 1


def test_a_partly_refunded_purchase_is_not_voided(shop: Counter) -> None:
    entry = mixed_purchase(shop)
    start_refund(shop, entry)
    shop.press("1 * 1 Enter + Enter")
    start_void(shop, entry)
    assert shop.facts()[-1] == Decline(reason=DeclineReason.ALREADY_VOIDED, total_rial=0)
    assert "*14" in shop.paper.last()


def test_a_voided_purchase_is_not_refunded(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    start_void(shop, entry)
    shop.press("Enter")
    start_refund(shop, entry)
    assert shop.facts()[-1] == Decline(reason=DeclineReason.ALREADY_VOIDED, total_rial=0)


def test_a_refund_gives_credit_first_and_own_goods_as_money(shop: Counter) -> None:
    entry = mixed_purchase(shop)
    assert isinstance(entry.fact, Purchase)
    start_refund(shop, entry)
    shop.press("2 * 1 Enter 1 * 2 Enter 0.25 * 3 Enter +")
    assert "برگشت کالا از رسید" in shop.paper.last()
    shop.press("Enter")
    fact = shop.last_entry(EntryKind.REFUND).fact
    assert isinstance(fact, Refund)
    assert (fact.credit_rial, fact.own_rial) == (700_000 + 250_000, 800_000)
    assert [(line.index, line.quantity) for line in fact.lines] == [(0, 2), (1, 1), (2, 250)]
    assert shop.left_rial(1) == 40_000_000 - entry.fact.credit_rial + 950_000
    assert "همین‌جا دوباره قابل خرید است" in shop.paper.last()


def test_a_refund_after_the_z_still_works(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*12 * 0 Enter {OPERATOR} Enter")
    start_refund(shop, entry)
    shop.press("1 Enter + Enter")
    assert shop.count(EntryKind.REFUND) == 1


def test_a_row_without_quantity_is_all_that_is_left_of_it(shop: Counter) -> None:
    entry = mixed_purchase(shop)
    start_refund(shop, entry)
    shop.press("1 * 1 Enter + Enter")
    start_refund(shop, entry)
    shop.press("1 Enter + Enter")
    fact = shop.last_entry(EntryKind.REFUND).fact
    assert isinstance(fact, Refund)
    assert [line.quantity for line in fact.lines] == [3]


def test_a_returned_pack_may_be_scanned(shop: Counter) -> None:
    entry = mixed_purchase(shop)
    start_refund(shop, entry)
    shop.scan(JAM)
    shop.scan(JAM)
    shop.scan(JAM)
    assert shop.paper.sounds[-1] is Sound.LOOK
    shop.press("+ Enter")
    fact = shop.last_entry(EntryKind.REFUND).fact
    assert isinstance(fact, Refund)
    assert [(line.index, line.quantity) for line in fact.lines] == [(1, 2)]


@pytest.mark.parametrize(
    ("keys", "taken"), [("3 * 1", True), ("4 * 1", True), ("5 * 1", False), ("0.5 * 1", False)]
)
def test_no_more_comes_back_than_was_sold(shop: Counter, keys: str, taken: bool) -> None:
    entry = mixed_purchase(shop)
    start_refund(shop, entry)
    shop.press(f"{keys} Enter")
    refused = shop.facts()[-1] == Decline(reason=DeclineReason.NOTHING_TO_REFUND, total_rial=0)
    assert refused is not taken
    assert shop.state is State.RETURNS


@pytest.mark.parametrize(
    ("keys", "left"),
    [("5 * 1", "ردیف ۱: ۴ عدد"), ("0.75 * 3", "ردیف ۳: ۵۰۰ گرم"), ("2 Enter 1 * 2", "ردیف ۲: هیچ")],
)
def test_who_asks_for_more_back_than_is_left_hears_what_is_left(shop: Counter, keys: str, left: str) -> None:
    start_refund(shop, mixed_purchase(shop))
    shop.press(f"{keys} Enter")
    assert f"مانده برای برگشت از {left}" in shop.paper.last()


def test_nothing_chosen_is_nothing_refunded(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    start_refund(shop, entry)
    shop.press("+ 7 Enter")
    assert shop.state is State.RETURNS
    shop.press("-")
    assert shop.state is State.IDLE
    assert shop.count(EntryKind.REFUND) == 0
