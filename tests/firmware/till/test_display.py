"""The display on the pole follows the purchase, and tells nobody in the shop about the household."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.firmware.till.counter import JAM, MILK

if TYPE_CHECKING:
    import pytest

    from drivers.line_display import TwoLines
    from tests.firmware.till.counter import Counter


def test_the_buyer_reads_each_amount_as_the_purchase_goes_on(shop: Counter) -> None:
    shop.press("4 *")
    shop.scan(MILK)
    shop.press("35000 Enter")
    assert shop.paper.display == ("4 x 35,000   140,000", "SUM          140,000")
    shop.scan(JAM)
    shop.press("50000 Enter")
    assert shop.paper.display == ("1 x 50,000    50,000", "SUM          190,000")
    shop.scan_card(shop.members[0])
    shop.press("+")
    assert shop.paper.display == ("TOTAL        190,000", "    135,000 + 55,000")
    shop.press(f"{shop.members[0].pin} Enter")
    assert shop.paper.display == ("OK           190,000", "CASH          55,000")


def test_a_line_taken_out_leaves_the_sum_and_a_canceled_basket_nothing(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(JAM)
    shop.press("50000 Enter -")
    assert shop.paper.display == ("", "SUM           35,000")
    shop.press("-")
    assert shop.paper.display[0] == ""


def test_a_cash_sale_shows_that_nothing_is_paid_from_credit(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter +")
    assert shop.paper.display == ("TOTAL         35,000", "          0 + 35,000")
    shop.press("Enter")
    assert shop.paper.display == ("OK            35,000", "CASH          35,000")


def test_a_refusal_says_no_but_not_why(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+ 9999 Enter")
    assert shop.paper.display == ("NO", "")


def test_neither_card_nor_pin_nor_what_is_left_is_ever_shown(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def amounts(lines: TwoLines) -> None:
        shown.append(f"{lines.upper} {lines.lower}".replace(",", ""))

    monkeypatch.setattr(shop.paper, "amounts", amounts)
    member = shop.members[0]
    shop.sell_milk(member)
    shop.press("+ 9999 Enter")
    left_toman = str(shop.left_rial(1) // 10)
    assert len(shown) > 3
    assert not any(secret in text for text in shown for secret in (str(member.card.number), left_toman))
    assert not any(member.pin in text.split() for text in shown)
