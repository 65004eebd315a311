"""The shopkeeper hears of a device that is gone, reads what to do, and goes on with what is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from drivers.sound import Sound
from firmware.roles import Change, DeviceNews, Listed, Role
from firmware.till.states import State
from tests.firmware.till.counter import MILK, Counter

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE = DeviceNews(Change.MISSING, (Role.SCANNER,))


def tell(shop: Counter, news: DeviceNews) -> None:
    shop._runner.run(shop.till.devices(news))


def test_a_missing_scanner_is_heard_and_read_and_the_sale_goes_on_by_keypad(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.paper.tear_off()
    tell(shop, GONE)
    assert shop.paper.sounds == [Sound.LOOK]
    assert "بارکدخوان وصل نیست." in shop.paper.last()
    assert "رقم‌های بارکد را با صفحه‌کلید" in shop.paper.last()
    assert shop.state is State.BASKET
    shop.press(f"{MILK} Enter 35000 Enter")
    assert len(shop.till._talk.basket.lines) == 1
    assert shop.till._talk.basket.lines[0].item.quantity == 2


@pytest.mark.parametrize("change", [Change.BACK, Change.TAKEN])
def test_a_device_that_is_there_again_sounds_well(shop: Counter, change: Change) -> None:
    tell(shop, DeviceNews(change, (Role.KEYPAD,)))
    assert shop.paper.sounds == [Sound.ACCEPTED]
    assert "صفحه‌کلید" in shop.paper.last()


def test_what_was_half_typed_on_a_keypad_that_went_is_void_without_a_word(shop: Counter) -> None:
    shop.press("3 *")
    tell(shop, DeviceNews(Change.CUT_OFF, (Role.KEYPAD,)))
    assert shop.paper.slips == []
    assert shop.paper.sounds == []
    shop.scan(MILK)
    shop.press("35000 Enter")
    assert shop.till._talk.basket.lines[0].item.quantity == 1


def test_a_pin_half_typed_on_a_keypad_that_went_is_void(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.scan(MILK)
    shop.scan_card(shop.members[1])
    shop.press("+ 00")
    tell(shop, DeviceNews(Change.CUT_OFF, (Role.KEYPAD,)))
    shop.press(f"{shop.members[1].pin} Enter")
    assert shop.state is State.IDLE, "the whole PIN counted, not what stood before it"


def test_what_the_printer_could_not_say_is_said_later_unless_it_is_not_true_any_more(shop: Counter) -> None:
    shop.paper.run_out()
    tell(shop, GONE)
    shop.paper.refill()
    shop.wait_s(1)
    assert "بارکدخوان وصل نیست." in shop.paper.tear_off()
    shop.paper.run_out()
    tell(shop, GONE)
    tell(shop, DeviceNews(Change.BACK, (Role.SCANNER,)))
    shop.paper.refill()
    shop.wait_s(1)
    assert shop.paper.slips == []


def test_a_code_lists_the_devices(tmp_path: Path) -> None:
    rows = (
        Listed(
            role=Role.SCANNER,
            place="usb-x-1.1",
            model="05f9:2204",
            name="Imager",
            path=Path("/dev/input/event3"),
        ),
        Listed(role=Role.KEYPAD, place="usb-x-1.2"),
        Listed(role=None, place="usb-x-1.4", path=Path("/dev/ttyUSB0")),
        Listed(role=None, place="usb-x-1.5", path=Path("/dev/hidraw0"), is_mute=True),
    )
    counter = Counter(tmp_path)
    counter.settings = structs.replace(counter.settings, devices=lambda: rows)
    with counter as shop:
        shop.press("*18 Enter")
        slip = shop.paper.last()
    assert "بارکدخوان: وصل است\nImager 05f9:2204\nusb-x-1.1" in slip
    assert "صفحه‌کلید: وصل نیست\nusb-x-1.2" in slip
    assert "بی‌کار: وصل است\nusb-x-1.4" in slip
    assert slip.count("کلید نمی‌فرستد") == 1
    assert "*18 Enter" in slip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    with Counter(tmp_path) as counter:
        yield counter


def test_the_printer_can_be_searched_for_by_code(tmp_path: Path) -> None:
    searched: list[bool] = []
    counter = Counter(tmp_path)
    counter.settings = structs.replace(counter.settings, find_printer=lambda: searched.append(True))
    with counter as shop:
        shop.press("*20 Enter")
    assert searched == [True]
