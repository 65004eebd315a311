"""A whole purchase at a till whose scanner, pad and printer are behind real kernel drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hardware.benches import serial_printer, usb_printer
from tests.hardware.guest_till import at_a_till

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.printer_engine import PrinterEngine
    from lab.usb_redirection import UsbDevice
    from tests.hardware.conftest import Lab
    from tests.hardware.guest_till import GuestTill

pytestmark = pytest.mark.lab
RECEIPT = "رسید خرید"


@pytest.mark.parametrize(
    "plug",
    [
        pytest.param(serial_printer, id="ftdi_sio"),
        pytest.param(usb_printer, id="usblp", marks=pytest.mark.smoke),
    ],
)
def test_a_household_buys_and_takes_its_receipt(
    lab: Lab, tmp_path: Path, plug: Callable[[PrinterEngine], UsbDevice]
) -> None:
    async def story(till: GuestTill) -> None:
        await till.start()
        await till.give_role()
        await till.fill_basket(card_of=0)
        await till.press(till.members[0].pin + "\n")
        await till.until_told("beeped", sound="APPROVED")
        assert RECEIPT in till.texts
        assert await till.stop() == 0
        assert " hold." in await till.run("journal", "verify")
        await till.printer.settle(quiet_ms=300)
        assert till.printer.tear_off().height > 300

    at_a_till(lab, tmp_path, plug, story)
