"""Buying: goods, TOTAL, PIN, receipt; cash; what a changed mind does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire import mail, receipt_qr
from sync.wire.entry import Payload
from sync.wire.facts import CashSale, PriceChanged, Purchase
from sync.wire.kinds import EntryKind, MailKind, Unit
from sync.wire.proof import household_proof
from tests.firmware.till.counter import JAM, MILK, MILK_RIAL

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter


def test_a_purchase_by_card_and_pin_spends_credit_and_prints_a_receipt(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0], packs=4)
    assert isinstance(entry.fact, Purchase)
    assert entry.fact.total_rial == 4 * MILK_RIAL
    assert entry.fact.own_rial == 50_000
    assert entry.private is not None
    assert (entry.private.household, entry.private.card) == (1, 90_001)
    assert shop.left_rial(1) == 40_000_000 - entry.fact.credit_rial
    assert shop.paper.sounds[-1] is Sound.APPROVED
    receipt = shop.paper.last()
    assert "رسید خرید" in receipt
    assert "اینجا ثبت شد، هنوز به مرکز نرسیده" in receipt
    assert f"1001-{shop.receipt_keys(entry)}" in receipt
    assert shop.state is State.IDLE


def test_the_receipts_qr_proves_the_purchase_to_anybody(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    proven = receipt_qr.verify(shop.paper.last().splitlines()[-1], shop.center.trusted)
    assert proven.fact == entry.fact
    assert proven.hash == entry.hash


def test_the_proof_is_made_with_the_households_own_key(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    payload = Payload.from_cbor(entry.stored.payload)
    assert entry.private is not None
    assert payload.lines_hash is not None
    assert isinstance(payload.public, Purchase)
    proof = household_proof(
        shop.members[0].key, payload.public.to_cbor(), device=1001, sequence=entry.sequence, prev=entry.prev,
        lines_hash=payload.lines_hash,
    )  # fmt: skip
    assert entry.private.proof == proof


def test_nothing_is_charged_before_the_pin(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")
    assert "رسید نیست" in shop.paper.last()
    assert shop.count(EntryKind.PURCHASE) == 0
    assert shop.left_rial(1) == 40_000_000


def test_no_pin_is_ever_printed(shop: Counter) -> None:
    member = shop.center.member(4711)
    household = shop.center.household(member, shop.identity)
    shop.send(mail.Households(households=(household,)), MailKind.HOUSEHOLDS)
    shop.send(mail.Allowances(allowances=(shop.center.allowance(4711, 5_000_000),)), MailKind.ALLOWANCES)
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(member)
    shop.press("+ 4712 Enter 4711 + 4711 - 4711 * + 4711 Enter 4712 / 4711 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    rows = [
        row
        for row in shop.paper.text().splitlines()
        if not row.startswith(("کارت با پایان", "R1:"))  # the card's own number ends in 4711
    ]
    assert not any(pin in row for row in rows for pin in ("4711", "4712", "۴۷۱۱", "۴۷۱۲", "۴٬۷۱۱"))


def test_credit_pays_listed_goods_only_and_the_buyer_the_rest(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(JAM)
    shop.press("80000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+ 0001 Enter")
    fact = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(fact, Purchase)
    assert (fact.credit_rial, fact.own_rial) == (300_000, 850_000)


def test_a_basket_without_a_household_is_a_cash_sale(shop: Counter) -> None:
    shop.scan(JAM)
    shop.press("80000 Enter +")
    assert "فروش نقدی" in shop.paper.last()
    shop.press("Enter")
    entry = shop.last_entry(EntryKind.CASH_SALE)
    assert entry.fact == CashSale(total_rial=800_000)
    assert len(entry.lines) == 1
    assert entry.private is None
    assert "رسید فروش نقدی" in shop.paper.last()


def test_zero_total_sells_for_own_money_although_a_card_was_read(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("0 + Enter")
    assert shop.count(EntryKind.CASH_SALE) == 1
    assert shop.left_rial(1) == 40_000_000


@pytest.mark.parametrize(
    ("keys", "credit_rial"), [("20000 +", 200_000), ("30000 +", 300_000), ("99000 +", 300_000)]
)
def test_the_cap_bounds_the_credit_part(shop: Counter, keys: str, credit_rial: int) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press(f"{keys} 0001 Enter")
    fact = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(fact, Purchase)
    assert fact.credit_rial == credit_rial


def test_a_keyed_price_is_remembered_once_the_sale_is_done(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    assert shop.count(EntryKind.PRICE_CHANGED) == 0
    shop.press("+ Enter")
    assert shop.facts()[-1] == PriceChanged(good=1, gtin=int(MILK), unit=Unit.PIECE, price_rial=MILK_RIAL)
    shop.scan(MILK)
    assert shop.state is State.BASKET


def test_a_good_after_total_makes_the_block_void(shop: Counter) -> None:
    shop.sell_milk(shop.members[1])
    shop.scan(MILK)
    shop.scan_card(shop.members[0])
    shop.press("+")
    shop.scan(MILK)
    assert shop.state is State.BASKET
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    shop.press("+ 0001 Enter")
    fact = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(fact, Purchase)
    assert fact.total_rial == 2 * MILK_RIAL


def test_what_changed_since_the_block_is_shown_again_and_asked_again(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")
    shop.rules(minimum_own_rial=100_000)
    shop.paper.tear_off()
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 0
    assert shop.paper.sounds == [Sound.LOOK]
    assert "۱۰٬۰۰۰ تومان" in shop.paper.last()
    shop.press("0001 Enter")
    fact = shop.last_entry(EntryKind.PURCHASE).fact
    assert isinstance(fact, Purchase)
    assert fact.own_rial == 100_000


def test_a_second_card_is_refused_with_a_look_and_the_purchase_goes_on(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")
    shop.scan_card(shop.members[1])
    assert shop.paper.sounds[-1] is Sound.LOOK
    assert shop.state is State.TOTALED
    shop.press("0001 Enter")
    private = shop.last_entry(EntryKind.PURCHASE).private
    assert private is not None
    assert private.household == 1


def test_the_same_card_twice_is_no_second_card(shop: Counter) -> None:
    shop.scan_card(shop.members[0])
    shop.scan_card(shop.members[0])
    assert Sound.LOOK not in shop.paper.sounds


def test_nobody_confirms_a_block_that_did_not_come_out(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.paper.run_out()
    shop.press("+ 0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 0
    assert shop.state is State.BASKET


def test_total_of_nothing_asks_for_goods(shop: Counter) -> None:
    shop.press("+")
    assert shop.paper.sounds == [Sound.LOOK]
    assert shop.state is State.IDLE


def test_the_drawer_opens_for_money_and_only_for_money(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter + Enter")
    assert shop.paper.drawer_openings == 1
    own = shop.sell_milk(shop.members[0]).fact
    assert isinstance(own, Purchase)
    assert shop.paper.drawer_openings == 1 + (own.total_rial > own.credit_rial)
