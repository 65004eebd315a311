"""An enrollment's QR at a till that is enrolled: a typed value, and nothing happens but a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.scanner.classification import classify
from drivers.sound import Sound
from firmware.receipt.prompt_slips import Prompt
from firmware.till import scans
from firmware.till.scans import EnrollmentScan, StrangeScan, seen
from firmware.till.states import State
from sync.wire.enrolling import enrollment_qr, request_qr
from tests.firmware.till.counter import MILK

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter

ANSWER = bytes(range(256)) * 5
TEXTS = enrollment_qr.to_qrs(ANSWER)


def test_its_parts_are_typed_values_that_make_the_answer_again() -> None:
    reading = enrollment_qr.EnrollmentParts()
    wholes = []
    for text in reversed(TEXTS):
        scan = seen(classify(text))
        assert isinstance(scan, EnrollmentScan)
        assert scan.part.parts == len(TEXTS) == 3
        wholes.append(reading.take(scan.part))
    assert wholes == [None, None, ANSWER]


def test_the_till_knows_both_prefixes_without_loading_their_modules() -> None:
    assert scans._ENROLLMENT == enrollment_qr.PREFIX
    assert scans._REQUEST == request_qr.PREFIX


def test_another_tills_request_is_for_the_technicians_laptop() -> None:
    assert seen(classify("Q1:HELLO")) == StrangeScan(Prompt.SCAN_NOT_HERE)


@pytest.mark.parametrize("text", ["E1:", "E1:HELLO", TEXTS[0][:-3], TEXTS[0] + "AB", TEXTS[0].lower()])
def test_a_damaged_part_is_a_bad_scan(text: str) -> None:
    assert isinstance(seen(classify(text)), StrangeScan)


def test_a_till_that_is_enrolled_says_so_and_goes_on(shop: Counter) -> None:
    before = shop.entries()
    for text in TEXTS:
        shop.scan(text)
        assert shop.state is State.IDLE
        assert Prompt.ALREADY_ENROLLED.value in shop.paper.last()
        assert "1001" in shop.paper.last(), "whose number it has"
        assert shop.paper.sounds[-1] is Sound.LOOK
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(TEXTS[0])
    assert shop.state is State.BASKET
    assert len(shop.till._talk.basket.lines) == 1
    assert shop.entries() == before


def test_where_a_pin_is_awaited_it_is_refused_like_any_other_scan(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.scan(MILK)
    shop.scan_card(shop.members[0])
    shop.press("+ 00")
    shop.scan(TEXTS[0])
    assert shop.state is State.TOTALED
    assert Prompt.TYPE_AGAIN.value in shop.paper.last()
