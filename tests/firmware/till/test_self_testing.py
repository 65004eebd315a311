"""The self-test at the counter: findings on paper, echoes of scanner and keypad, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from drivers.sound import Sound
from firmware.receipt.selftest_slips import ECHO_BARS, ECHO_KEYS, ECHO_QR, Finding, Part, Verdict
from firmware.till.states import State
from sync.wire.facts import Booted
from tests.firmware.till.counter import MILK

if TYPE_CHECKING:
    from firmware.journal.journal import Journal
    from tests.firmware.till.counter import Counter

ALL_KEYS = f"{ECHO_KEYS} Enter"


@pytest.fixture
def tested(shop: Counter) -> Counter:
    shop.press("*19 Enter")
    assert shop.state is State.SELF_TEST
    return shop


def test_it_ends_well_when_both_patterns_and_all_keys_came_back(tested: Counter) -> None:
    tested.scan(ECHO_BARS)
    tested.scan(ECHO_QR)
    tested.press(ALL_KEYS)
    assert tested.paper.sounds[-3:] == [Sound.ACCEPTED] * 3
    tested.press("Enter")
    assert "دستگاه آماده کار است" in tested.paper.last()
    assert tested.paper.sounds[-1] is Sound.APPROVED
    assert tested.state is State.IDLE


def test_a_laser_scanner_that_reads_no_qr_is_no_fault(tested: Counter) -> None:
    tested.scan(ECHO_BARS)
    tested.press(f"{ALL_KEYS} Enter")
    assert "دستگاه آماده کار است" in tested.paper.last()


def test_a_pattern_that_was_not_read_is_named(tested: Counter) -> None:
    tested.scan(ECHO_QR)
    tested.press(f"{ALL_KEYS} Enter")
    assert "خواندن بارکد خطی: خراب" in tested.paper.last()
    assert tested.paper.sounds[-1] is Sound.REFUSED


def test_keys_that_did_not_come_are_named_and_may_be_tried_again(tested: Counter) -> None:
    tested.press("12345790/*-+ Enter")
    assert "همه کلیدها: خراب" in tested.paper.last()
    assert "نیامد: 6 8 ." in tested.paper.last()
    tested.press(ALL_KEYS)
    assert "همه کلیدها: خوب" in tested.paper.last()


def test_goods_and_cards_are_not_taken_during_the_test(tested: Counter) -> None:
    tested.scan(MILK)
    tested.scan_card(tested.members[0])
    tested.press("Enter Enter")
    tested.press("+")
    assert "سبد خالی است" in tested.paper.last()


def test_outside_the_test_a_pattern_sells_nothing(shop: Counter) -> None:
    shop.scan(ECHO_BARS)
    assert "اینجا به کار نمی‌آید" in shop.paper.last()


def test_it_prints_what_the_machine_found_and_ends_badly_if_something_is(shop: Counter) -> None:
    async def examine(_: Journal) -> tuple[Finding, ...]:
        return (
            Finding(Part.SCANNER, Verdict.GOOD, "usb-1.2 0c2e:0b61 Voyager"),
            Finding(Part.DISK, Verdict.BAD, "3 MiB", "جای خالی:", "free:"),
        )

    shop.settings = structs.replace(shop.settings, examine=examine)
    shop.cut_power()
    shop.press("*19 Enter")
    slip = shop.paper.last()
    assert "بارکدخوان: خوب\nusb-1.2 0c2e:0b61 Voyager" in slip
    assert "حافظه: خراب\nجای خالی: 3 MiB" in slip
    shop.scan(ECHO_BARS)
    shop.press(f"{ALL_KEYS} Enter")
    assert "حافظه: خراب" in shop.paper.last()
    assert shop.paper.sounds[-1] is Sound.REFUSED


def test_what_was_mended_meanwhile_is_not_held_against_the_till(shop: Counter) -> None:
    verdicts = [Verdict.BAD, Verdict.GOOD]

    async def examine(_: Journal) -> tuple[Finding, ...]:
        return (Finding(Part.SCANNER, verdicts.pop(0)),)

    shop.settings = structs.replace(shop.settings, examine=examine)
    shop.cut_power()
    shop.press("*19 Enter")
    assert "بارکدخوان: خراب" in shop.paper.last()
    shop.scan(ECHO_BARS)
    shop.press(f"{ALL_KEYS} Enter")
    assert "دستگاه آماده کار است" in shop.paper.last()


def test_nobody_is_held_up_by_a_test_that_was_left_alone(tested: Counter) -> None:
    tested.wait_s(400)
    assert tested.state is State.IDLE


def test_power_cuts_are_counted_from_the_last_z_on(shop: Counter) -> None:
    asked: list[int] = []

    async def examine(journal: Journal) -> tuple[Finding, ...]:
        asked.append(await journal.unclean_starts())
        return ()

    shop.settings = structs.replace(shop.settings, examine=examine)
    shop.cut_power()
    for clean in (False, True, False):
        shop.say(Booted(version="test", clean=clean))
    shop.press("*19 Enter Enter *12 Enter 7391 Enter 0 Enter *19 Enter")
    assert asked == [2, 2, 0]
