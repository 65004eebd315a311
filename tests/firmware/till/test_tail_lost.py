"""A till whose journal lost its tail says so on paper, sells for cash alone, and may be made empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from firmware.receipt.decline_slips import TEXTS
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from sync.wire.kinds import EntryKind
from tests.firmware.till.counter import JAM, MILK, Counter, words_of_slip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD = 3214
OPERATOR = "7391"
SEND_BY = "بفرستید تا"
WARNING = "بخشی از حافظه این صندوق از بین رفته است"


@pytest.fixture
def undone() -> list[int]:
    return []


@pytest.fixture
def till(tmp_path: Path, undone: list[int]) -> Iterator[Counter]:
    """It has sold once."""
    counter = Counter(tmp_path)
    counter.settings = structs.replace(counter.settings, undo_enrollment=undone.append)
    with counter:
        counter.sell_milk(counter.members[0])
        counter.paper.tear_off()
        yield counter


def lose_tail(till: Counter, held: int = HELD) -> None:
    till._runner.run(till.journal.lose_tail(held))


def test_it_is_told_once_with_what_to_do(till: Counter) -> None:
    lose_tail(till)
    till.wait_s(2)
    told = till.paper.tear_off()
    own = len(till.entries())
    assert WARNING in told
    assert "فقط نقدی بفروشید" in told
    assert "با 021-6369 تماس بگیرید" in told
    assert "شماره دستگاه: 1001" in told
    assert "ثبت‌های این صندوق در مرکز: ۳٬۲۱۴" in told
    assert f"ثبت‌های درون صندوق: {own}".translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) in told
    lose_tail(till)
    till.wait_s(20)
    assert till.paper.slips == []


def test_it_is_told_after_each_start_and_once_there_is_paper(till: Counter) -> None:
    lose_tail(till)
    till.cut_power()
    till.paper.run_out()
    till.wait_s(2)
    till.paper.refill()
    assert WARNING not in till.paper.text()
    till.wait_s(2)
    assert till.paper.text().count(WARNING) == 1


def test_its_status_says_so_and_names_no_day_to_send_by(till: Counter) -> None:
    till.press("*10 Enter")
    healthy = till.paper.tear_off()
    assert WARNING not in healthy
    assert SEND_BY in healthy
    lose_tail(till)
    till.press("*10 Enter")
    status = till.paper.tear_off()
    assert WARNING in status
    assert "فقط نقدی بفروشید" in status
    assert "ثبت‌های این صندوق در مرکز: ۳٬۲۱۴" in status
    assert SEND_BY not in status


def test_nothing_is_sold_on_credit_any_more(till: Counter) -> None:
    lose_tail(till)
    before = till.left_rial(2)
    till.press("1 *")
    till.scan(MILK)
    till.scan_card(till.members[1])
    till.press(f"+ {till.members[1].pin} Enter")
    assert TEXTS["DEVICE_SUSPENDED"].what in till.paper.text()
    assert till.count(EntryKind.PURCHASE) == 1
    assert till.left_rial(2) == before


def test_cash_is_sold_as_ever(till: Counter) -> None:
    lose_tail(till)
    till.scan(JAM)
    till.press("80000 Enter + Enter")
    assert till.count(EntryKind.CASH_SALE) == 1


def test_a_purchase_is_neither_voided_nor_refunded(till: Counter) -> None:
    entry = till.last_entry(EntryKind.PURCHASE)
    lose_tail(till)
    for code in ("*13", "*14"):
        till.press(f"{code} * {till.receipt_keys(entry)} Enter {OPERATOR} Enter")
        assert TEXTS["DEVICE_SUSPENDED"].what in till.paper.tear_off()
    assert not till.count(EntryKind.VOID) + till.count(EntryKind.REFUND)


@pytest.mark.parametrize(
    "keys", [f"*24*1001 Enter {OPERATOR} Enter", f"*24 Enter {OPERATOR} Enter 1001 Enter"]
)
def test_the_operator_may_make_it_empty_although_it_has_sold(
    till: Counter, undone: list[int], keys: str
) -> None:
    till.press("*24*1001 Enter")
    assert undone == []
    lose_tail(till)
    till.press(keys)
    assert undone == [1001]


@pytest.mark.parametrize("typed", ["", "7392 Enter", "-", "1001 Enter"])
def test_nobody_else_makes_it_empty(till: Counter, undone: list[int], typed: str) -> None:
    lose_tail(till)
    till.press(f"*24*1001 Enter {typed}")
    assert undone == []


def test_one_that_does_not_know_its_operator_asks_for_no_pin(tmp_path: Path, undone: list[int]) -> None:
    counter = Counter(tmp_path, with_mail=False)
    counter.settings = structs.replace(counter.settings, undo_enrollment=undone.append)
    with counter:
        lose_tail(counter)
        counter.press("*24*1001 Enter")
    assert undone == [1001]


@pytest.mark.parametrize("held", ["", "*6 Enter"])
def test_it_is_not_made_empty_over_goods_in_a_basket(till: Counter, undone: list[int], held: str) -> None:
    lose_tail(till)
    till.scan(JAM)
    till.press(f"80000 Enter {held}")
    till.press(f"*24*1001 Enter {OPERATOR} Enter")
    assert undone == []
    assert words_of_slip(prompt_slip(Prompt.UNDO_OPEN_BASKET)) in till.paper.text()
    till.press(f"{'*7*1 Enter' if held else ''} *0 Enter *24*1001 Enter {OPERATOR} Enter")
    assert undone == [1001]


def test_its_notice_says_what_emptying_it_means(till: Counter) -> None:
    lose_tail(till)
    till.wait_s(2)
    told = till.paper.tear_off()
    assert "*24 صندوق را خالی می‌کند. پس از آن تا ثبت دوباره هیچ چیز نمی‌فروشد" in told
    assert "همراه فن‌ورز" in told
