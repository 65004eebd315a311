"""A scan where digits are awaited is a scan: it is no part of a price, an amount, a PIN or a code, and neither is what lay half typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire import card as cards
from sync.wire.facts import Closing
from sync.wire.kinds import EntryKind
from tests.fakes.paper_center import OPERATOR_PIN
from tests.field_failure import field_failure
from tests.firmware.till.counter import CODE, JAM, MILK

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter

WHERE = {
    State.PRICE: "5 /",
    State.WEIGHT: "8 /",
    State.OPERATOR_PIN: "*12 Enter",
    State.ASKING: f"*12 Enter {OPERATOR_PIN} Enter",
    State.ASKING_RECEIPT: f"*13 Enter {OPERATOR_PIN} Enter",
    State.CODE: "*3 * 13542419 Enter Enter",
    State.NEW_PRICE: f"*16 Enter {OPERATOR_PIN} Enter 5 /",
}


@field_failure("a scan becomes the amount to pay", "odoo/odoo#174992")
@pytest.mark.parametrize("what", [MILK, JAM, "C1:HELLO", "C900017", "12345678901"])
@pytest.mark.parametrize("state", WHERE, ids=lambda state: state.name)
def test_a_scan_where_a_number_is_awaited_is_refused_and_half_a_number_is_gone(
    shop: Counter, state: State, what: str
) -> None:
    shop.press(WHERE[state])
    assert shop.state is state, "else this shows nothing"
    shop.press("7")
    before = shop.entries()
    shop.scan(what)
    assert shop.paper.sounds[-1] is Sound.LOOK
    assert (shop.state, shop.till._talk.typing.empty) == (state, True)
    assert shop.entries() == before
    assert shop.till._talk.basket.lines == ()


def test_the_number_may_be_typed_again_from_its_beginning(shop: Counter) -> None:
    shop.press("5 / 18")
    shop.scan(MILK)
    shop.press("180000 Enter + Enter")
    (line,) = shop.last_entry(EntryKind.CASH_SALE).lines
    assert (line.good, line.price_rial) == (5, 1_800_000)
    shop.press(f"*12 Enter {OPERATOR_PIN} Enter 1")
    shop.scan(MILK)
    shop.press("5000 Enter")
    closing = shop.facts()[-1]
    assert isinstance(closing, Closing)
    assert closing.cash_counted_rial == 50_000


@pytest.mark.parametrize("what", [JAM, "HELLO", "3021"])
def test_a_scan_in_the_middle_of_a_pin_leaves_nothing_of_it(shop: Counter, what: str) -> None:
    shop.sell_milk(shop.members[1])
    shop.scan(MILK)
    shop.scan_card(shop.members[0])
    shop.press("+ 000")
    shop.scan(what)
    shop.press("1")
    assert shop.count(EntryKind.PURCHASE) == 1
    assert shop.count(EntryKind.PIN_FAILURE) == 0


def test_a_second_card_in_the_middle_of_a_pin_is_nobodys_pin(shop: Counter) -> None:
    shop.scan_card(shop.members[0])
    shop.press("*5 Enter 00")
    shop.scan(cards.to_qr(shop.members[1].card))
    assert shop.state is State.INQUIRY_PIN
    shop.press("01 Enter")
    assert shop.count(EntryKind.PIN_FAILURE) == 0
    shop.press("0001 Enter")
    assert shop.count(EntryKind.INQUIRY) == 1


def test_a_code_is_not_taken_from_the_scanner(shop: Counter) -> None:
    shop.scan_card(shop.members[0])
    shop.press("*4 Enter")
    shop.scan(CODE[:7] + "0")
    assert shop.count(EntryKind.CODE_OUTCOME) == 0
