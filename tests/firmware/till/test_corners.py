"""Keys at the wrong moment, and a till that knows little yet: it says so, and nothing breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from drivers.sound import Sound
from firmware.receipt.decline_slips import TEXTS
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from firmware.till.conversation import ASKED_FOR
from firmware.till.states import AWAITING_PIN, State
from sync.wire import card as cards
from sync.wire import mail, receipt_qr
from sync.wire.facts import Closing, Decline, Inquiry
from sync.wire.kinds import DeclineReason, EntryKind, MailKind
from tests.firmware.till.counter import CODE, MILK, Counter, words_of_slip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPERATOR = "7391"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Counter]:
    """A till that was enrolled and has no mail yet."""
    with Counter(tmp_path, with_mail=False) as counter:
        yield counter


@pytest.mark.parametrize(
    ("keys", "prompt"),
    [
        ("-", Prompt.BASKET_EMPTY),
        ("*1 * 5000 Enter", Prompt.BASKET_EMPTY),
        ("*6 Enter", Prompt.BASKET_EMPTY),
        (f"*4 * {CODE} Enter", Prompt.CARD),
        ("*5 Enter", Prompt.CARD),
        ("*3 * 13542419 Enter Enter 1234 Enter", Prompt.CODE),
        ("*2 * 123 Enter", Prompt.CARD_NUMBER),
        ("*2 Enter Enter", Prompt.BAD_KEYS),
    ],
)
def test_a_key_at_the_wrong_moment_is_answered_with_a_look(shop: Counter, keys: str, prompt: Prompt) -> None:
    shop.press(keys)
    assert shop.paper.sounds == [Sound.LOOK]
    assert words_of_slip(prompt_slip(prompt)) in shop.paper.last()


@pytest.mark.parametrize("misfit", ["*21 Enter", "*12 Enter"])
@pytest.mark.parametrize(
    ("keys", "state", "prompt"),
    [
        ("*13 Enter", State.OPERATOR_PIN, Prompt.OPERATOR_PIN),
        ("*3 * 13542419 Enter Enter", State.CODE, Prompt.CODE),
    ],
)
def test_keys_that_are_no_secret_are_answered_with_whose_is_awaited(
    shop: Counter, keys: str, state: State, prompt: Prompt, misfit: str
) -> None:
    shop.press(keys)
    shop.press(misfit)
    assert shop.state is state
    assert shop.paper.last().startswith(words_of_slip(prompt_slip(prompt)))


def test_every_awaited_secret_has_a_name() -> None:
    assert set(ASKED_FOR) == AWAITING_PIN


def test_a_typed_card_number_is_asked_for_by_where_it_stands_and_may_be_left(shop: Counter) -> None:
    shop.press("*2 Enter")
    assert "زیر بارکد خطی کارت" in shop.paper.last()
    assert "بازگشت: -" in shop.paper.last()
    shop.press("-")
    assert shop.state is State.IDLE


def test_a_price_is_asked_by_good_and_unit_and_may_be_left(shop: Counter) -> None:
    for keys, what in (("0.5 * 8 /", "کیلویی"), ("5 /", "شانه‌ای")):
        shop.press(keys)
        assert shop.state is State.PRICE
        assert f": {what}" in shop.paper.last()
        assert "بازگشت: -" in shop.paper.last()
        shop.press("-")
    shop.press("8 /")
    assert shop.state is State.WEIGHT
    assert "بازگشت: -" in shop.paper.last()


def test_a_line_that_is_not_there_is_said_not_to_be(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter 3 -")
    assert Prompt.NO_SUCH_LINE.value in shop.paper.last()
    assert len(shop.till._talk.basket.lines) == 1


def test_total_without_credit_says_so_although_a_card_was_read(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter +")
    assert "کارتی خوانده نشده است" in shop.paper.last()
    shop.press("-")
    shop.scan_card(shop.members[0])
    shop.press("0 +")
    assert "کارتی خوانده نشده است" not in shop.paper.last()
    assert "از اعتبار کارت استفاده نمی‌شود" in shop.paper.last()


def test_an_unknown_basket_number_is_asked_for_again(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter *6 Enter *7 * 5 Enter")
    assert shop.state is State.ASKING
    shop.press("1 Enter")
    assert shop.state is State.BASKET


def test_a_zero_price_correction_is_asked_for_again(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter *1 * 0 Enter 30000 Enter")
    assert shop.till._talk.basket.total_rial == 300_000


def test_a_typed_or_scanned_number_of_another_card_is_a_second_card(shop: Counter) -> None:
    shop.scan_card(shop.members[0])
    other = cards.to_code128(90_002)
    shop.scan(other)
    shop.press(f"*2 * {other[1:]} Enter *3 * 13542419 Enter")
    assert shop.paper.sounds[-3:] == [Sound.LOOK] * 3
    assert shop.state is State.BASKET


def test_a_card_number_with_a_wrong_digit_or_of_no_card_is_unknown(shop: Counter) -> None:
    good = cards.to_code128(90_001)
    for wrong in (f"{good[:-1]}{(int(good[-1]) + 1) % 10}", cards.to_code128(777)):
        shop.scan(wrong)
        assert shop.facts()[-1] == Decline(reason=DeclineReason.UNKNOWN_CARD, total_rial=0)


def test_a_scanned_qr_after_its_typed_number_brings_the_pin(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(cards.to_code128(90_001))
    shop.scan_card(shop.members[0])
    shop.press("+ 0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_a_code_may_be_used_for_the_balance_and_keeps_for_the_purchase(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(cards.to_code128(90_001))
    shop.press("*5 Enter")
    assert shop.paper.sounds[-1] is Sound.LOOK
    shop.press(f"*4 * {CODE} Enter *5 Enter")
    assert shop.facts()[-1] == Inquiry()
    shop.press(f"*4 * {CODE} Enter + Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_a_blocked_household_is_not_told_its_balance(shop: Counter) -> None:
    shop.rules(pin_tries=1)
    shop.scan_card(shop.members[0])
    shop.press("*5 Enter 9999 Enter")
    assert TEXTS["PIN_BLOCKED"].what in shop.paper.last()
    shop.press("*5 Enter")
    assert shop.facts()[-1] == Decline(reason=DeclineReason.PIN_BLOCKED, total_rial=0)


def test_wrong_codes_for_a_national_id_lock_too(shop: Counter) -> None:
    shop.press("*3 * 13542419 Enter Enter" + " 87654321 Enter" * 5)
    assert Sound.LOCKED in shop.paper.sounds
    assert shop.state is State.IDLE
    shop.cut_power()
    shop.press(f"*3 * 13542419 Enter Enter {CODE} Enter")
    assert shop.facts()[-1] == Decline(reason=DeclineReason.WRONG_CODE, total_rial=0)


def test_a_pin_on_a_cash_block_is_no_pin(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter + 0001 Enter")
    assert shop.count(EntryKind.CASH_SALE) == 0
    shop.press("Enter")
    assert shop.count(EntryKind.CASH_SALE) == 1


def test_every_kind_of_slip_can_be_printed_again(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0], packs=2)
    other = shop.sell_milk(shop.members[1])
    shop.press(f"*14 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter 1 * 1 Enter + Enter")
    shop.press(f"*13 * {shop.receipt_keys(other)} Enter {OPERATOR} Enter Enter")
    shop.press(f"*12 * 0 Enter {OPERATOR} Enter")
    for kind, title in (
        (EntryKind.REFUND, "برگشت کالا"),
        (EntryKind.VOID, "خرید باطل شد"),
        (EntryKind.CLOSING, "پایان روز"),
    ):
        shop.press(f"*8 * {shop.receipt_keys(shop.last_entry(kind))} Enter")
        assert "رونوشت" in shop.paper.last().splitlines()
        assert title in shop.paper.last()


def test_a_purchase_by_national_id_is_reprinted_without_a_name(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press(f"35000 Enter *3 * 13542419 Enter Enter {CODE} Enter + Enter *8 Enter")
    assert "خانوار با رمز یک‌بارمصرف" in shop.paper.last()


def test_a_refund_of_an_allowance_that_was_recalled_returns_by_mail(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.send(mail.Recall(allowances=(101,)), MailKind.RECALL)
    shop.press(f"*14 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter 1 Enter + Enter")
    assert "از راه مرکز" in shop.paper.last()


def test_a_till_without_mail_sells_for_cash_and_counts_its_day(bare: Counter) -> None:
    bare.scan(MILK)
    bare.press("35000 Enter + Enter *11 Enter *10 Enter *9 Enter")
    fact = bare.last_entry(EntryKind.CLOSING).fact
    assert isinstance(fact, Closing)
    assert (fact.cash_sales, fact.cash_sales_rial, fact.send_by_s) == (1, 350_000, None)


def test_before_its_first_mail_a_till_has_the_name_of_its_enrollment(bare: Counter) -> None:
    bare.settings = structs.replace(bare.settings, shop_name="فروشگاه نمونه")
    bare.cut_power(machine=False)
    bare.press("*10 Enter")
    assert "فروشگاه نمونه" in bare.paper.last()


def test_a_till_without_mail_has_no_operator_no_goods_and_no_households(bare: Counter) -> None:
    for code in ("*12", "*25"):
        bare.press(f"{code} Enter")
        assert Prompt.NO_OPERATOR_YET.value in bare.paper.last()
        assert bare.state is State.IDLE
    bare.press("8 /")
    bare.scan("2300008012509")
    assert bare.paper.sounds == [Sound.LOOK] * 4
    bare.scan_card(bare.members[0])
    assert bare.facts()[-1] == Decline(reason=DeclineReason.NO_ALLOWANCE_HERE, total_rial=0)


def test_a_good_scan_at_the_wrong_moment_is_not_called_unreadable(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.paper.tear_off()
    shop.scan(receipt_qr.to_qr(entry, shop.identity.slim))
    assert shop.paper.last().startswith(Prompt.SCAN_NOT_HERE.value)
    shop.press("*8 * 99 Enter *15 Enter")
    for code in (cards.to_qr(shop.members[0].card), MILK):
        shop.scan(code)
        assert shop.paper.last().startswith(Prompt.SCAN_NOT_HERE.value)
    shop.scan_badly()
    assert shop.paper.last().startswith(Prompt.BAD_SCAN.value)


def test_a_receipt_scanned_into_a_basket_is_no_second_card(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.scan(MILK)
    shop.scan(receipt_qr.to_qr(entry, shop.identity.slim))
    assert shop.paper.last().startswith(Prompt.SCAN_NOT_HERE.value)
    shop.press("*15 Enter")
    shop.scan_card(shop.members[1])
    assert shop.paper.last().startswith(Prompt.SECOND_CARD.value)
