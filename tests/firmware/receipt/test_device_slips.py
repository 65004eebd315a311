"""What slips about the till's own devices must say: what is wrong, what to do, how to go on meanwhile."""

from __future__ import annotations

import pytest
import zxingcpp

from drivers.printer.slip import Bars, Slip
from firmware.receipt.device_slips import device_news, role_barcode_rows
from firmware.roles import KEYPAD_CODE, Change, DeviceNews, Role
from tests.fakes.printers import PAPER_58_MM
from tests.firmware.receipt.test_all_slips import paper
from tests.firmware.receipt.test_slips import read

BOTH = (Role.SCANNER, Role.KEYPAD)


def bars(slip: Slip) -> int:
    return sum(isinstance(element, Bars) for element in slip)


def test_the_role_barcode_is_read_from_paper_and_is_what_strangers_are_overheard_for() -> None:
    (read_from_paper,) = zxingcpp.read_barcodes(paper(role_barcode_rows(), PAPER_58_MM.width_dots))
    assert read_from_paper.text == "D1:SCANNER"


def test_missing_devices_are_named_together_and_each_new_one_is_told_how_to_take_over() -> None:
    slip = device_news(DeviceNews(Change.MISSING, BOTH))
    assert "بارکدخوان و صفحه‌کلید وصل نیست." in read(slip)
    assert f"*{KEYPAD_CODE} Enter" in read(slip)
    assert bars(slip) == 1
    assert "با صفحه‌کلید بزنید" not in read(slip), "there is none"


def test_nobody_is_told_to_take_a_role_that_the_configuration_gives() -> None:
    slip = device_news(DeviceNews(Change.MISSING, BOTH, given=BOTH))
    assert f"*{KEYPAD_CODE}" not in read(slip)
    assert bars(slip) == 0


@pytest.mark.parametrize(("roles", "barcodes"), [((Role.SCANNER,), 1), ((Role.KEYPAD,), 0), (BOTH, 1)])
def test_a_stranger_is_told_how_to_take_what_is_free(roles: tuple[Role, ...], barcodes: int) -> None:
    assert bars(device_news(DeviceNews(Change.STRANGER, roles))) == barcodes


def test_who_finds_no_role_free_is_told_whose_it_is() -> None:
    assert "بارکدخوان این صندوق وصل است." in read(device_news(DeviceNews(Change.NOT_FREE, (Role.SCANNER,))))
    assert "اول آن را جدا کنید" in read(device_news(DeviceNews(Change.NOT_FREE, ())))
