"""A wrong enrollment is undone by its number, and only as long as nothing was sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from firmware.receipt.prompt_slips import Prompt
from firmware.till.states import State
from tests.firmware.till.counter import JAM, Counter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPERATOR = "7391"


@pytest.fixture
def undone() -> list[int]:
    return []


@pytest.fixture
def till(tmp_path: Path, undone: list[int]) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    counter.settings = structs.replace(counter.settings, undo_enrollment=undone.append)
    with counter:
        yield counter


@pytest.mark.parametrize("keys", ["*24 Enter 1001 Enter", "*24*1001 Enter"])
def test_the_device_s_number_undoes_its_enrollment(till: Counter, undone: list[int], keys: str) -> None:
    till.press(keys)
    assert undone == [1001]
    assert till.state is State.IDLE


def test_what_would_be_undone_is_said_first(till: Counter, undone: list[int]) -> None:
    till.press("*24 Enter")
    said = till.paper.last()
    assert "ثبت دستگاه 1001 باطل می‌شود" in said
    assert "شماره دستگاه، سپس Enter" in said
    assert "بازگشت: -" in said
    till.press("-")
    assert (undone, till.state) == ([], State.IDLE)


@pytest.mark.parametrize("typed", ["1002", "1", "10010"])
def test_another_number_undoes_nothing(till: Counter, undone: list[int], typed: str) -> None:
    till.press(f"*24 Enter {typed} Enter")
    assert undone == []
    assert Prompt.UNDO_OTHER_DEVICE.value in till.paper.last()


def sells_on_credit(till: Counter) -> None:
    till.sell_milk(till.members[0])


def sells_for_cash(till: Counter) -> None:
    till.scan(JAM)
    till.press("80000 Enter + Enter")


def closes_a_day(till: Counter) -> None:
    till.press(f"*12 Enter {OPERATOR} Enter 0 Enter")


def sold_on_an_earlier_day(till: Counter) -> None:
    sells_for_cash(till)
    closes_a_day(till)


@pytest.mark.parametrize("what", [sells_on_credit, sells_for_cash, sold_on_an_earlier_day])
@pytest.mark.parametrize("keys", ["*24 Enter", "*24*1001 Enter"])
def test_a_till_that_has_sold_stays_what_it_is(
    till: Counter, undone: list[int], what: object, keys: str
) -> None:
    what(till)  # type: ignore[operator]  # one of the three above
    till.paper.tear_off()
    till.press(keys)
    assert Prompt.UNDO_TOO_LATE.value in till.paper.text()
    assert (undone, till.state) == ([], State.IDLE)


def test_a_day_that_is_closed_without_a_sale_is_no_sale(till: Counter, undone: list[int]) -> None:
    closes_a_day(till)
    till.press("*24*1001 Enter")
    assert undone == [1001]


def test_a_shop_that_nobody_wired_for_it_does_nothing(shop: Counter) -> None:
    shop.press("*24*1001 Enter")
    assert shop.state is State.IDLE
