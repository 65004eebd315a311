"""The buyer reads amounts and nothing else, and an amount is never cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.receipt import display_lines
from firmware.receipt.basket_slips import BasketLine
from sync.wire.kinds import Unit

if TYPE_CHECKING:
    from drivers.line_display import TwoLines

AMOUNTS = st.integers(0, 10**12)


def line(quantity: int, price_rial: int, total_rial: int, unit: Unit = Unit.PIECE) -> BasketLine:
    return BasketLine(
        position=1, name="شیر", unit=unit, quantity=quantity, price_rial=price_rial, total_rial=total_rial
    )


@pytest.mark.parametrize(
    ("shown", "upper", "lower"),
    [
        (
            display_lines.put_in(line(2, 350_000, 700_000), basket_rial=1_050_000),
            "2 x 35,000    70,000", "SUM          105,000",
        ),
        (
            display_lines.put_in(line(1_250, 3_200_000, 4_000_000, Unit.GRAM), basket_rial=4_000_000),
            "1.25kg       400,000", "SUM          400,000",
        ),
        (display_lines.basket(0), "", "SUM                0"),
        (
            display_lines.total(total_rial=12_000_000, credit_rial=8_000_000, own_rial=4_000_000),
            "TOTAL      1,200,000", "   800,000 + 400,000",
        ),
        (
            display_lines.total(total_rial=200_000_000, credit_rial=100_000_000, own_rial=100_000_000),
            "TOTAL     20,000,000", "   10000000+10000000",
        ),
        (
            display_lines.approved(total_rial=12_000_000, own_rial=4_000_000),
            "OK         1,200,000", "CASH         400,000",
        ),
        (display_lines.REFUSED, "NO", ""),
        (display_lines.BLANK, "", ""),
        (display_lines.basket(1_234_567), "", "SUM        123,456.7"),
    ],
)  # fmt: skip
def test_each_moment_has_its_lines(shown: TwoLines, upper: str, lower: str) -> None:
    assert (shown.upper, shown.lower) == (upper, lower)


@given(AMOUNTS, AMOUNTS)
def test_amounts_stand_whole_at_the_right_of_twenty_characters(total_rial: int, own_rial: int) -> None:
    for shown in (
        display_lines.approved(total_rial=total_rial, own_rial=own_rial),
        display_lines.put_in(line(3, own_rial, total_rial), basket_rial=own_rial),
    ):
        assert [len(text) for text in (shown.upper, shown.lower)] == [20, 20]
    assert re.search(r"[0-9.,]+$", shown.upper) is not None
    last = shown.upper.split()[-1].replace(",", "")
    assert last == f"{total_rial / 10:.1f}".removesuffix(".0")
