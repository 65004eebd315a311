"""What a shop's printer does to a till: it runs out of paper, is pulled out, and still nothing is lost or sold twice."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from tests.hardware.benches import PRINTER_SOCKET, serial_printer, usb_printer
from tests.hardware.guest_till import HOME, GuestTill, at_a_till

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.printer_engine import PrinterEngine
    from lab.usb_redirection import UsbDevice
    from tests.hardware.conftest import Lab

pytestmark = pytest.mark.lab
RECEIPT, COPY = "رسید خرید", "رونوشت"
SLOW_BYTES_PER_S = 1_000
QUIET_LIGHT_S = 6
"""Longer than between two flashes, also while the emulated machine stands still."""
BOTH_PORTS = pytest.mark.parametrize("plug", [serial_printer, usb_printer], ids=["ftdi_sio", "usblp"])


async def until_receipt_is_on_paper(till: GuestTill) -> None:
    await till.until(lambda: RECEIPT in till.texts, what="the receipt is printed")
    await till.printer.settle(quiet_ms=500)


@BOTH_PORTS
def test_what_comes_out_is_what_the_till_drew_dot_for_dot(
    lab: Lab, tmp_path: Path, plug: Callable[[PrinterEngine], UsbDevice]
) -> None:
    async def story(till: GuestTill) -> None:
        await till.run("help-card", "--png", f"{HOME}/card.png")
        drawn = Image.open(io.BytesIO(await till.guest.get(f"{HOME}/card.png")))
        await till.run("help-card")
        await till.printer.settle(quiet_ms=500)
        assert printed_part(till.printer.tear_off()).tobytes() == printed_part(drawn).tobytes()

    at_a_till(lab, tmp_path, plug, story)


def printed_part(picture: Image.Image) -> Image.Image:
    """The picture without its white edges above and below."""
    dark = ImageChops.invert(picture.convert("L")).getbbox()
    assert dark is not None, "something is printed"
    return picture.convert("1").crop((0, dark[1], picture.width, dark[3]))


@BOTH_PORTS
def test_a_receipt_that_meets_the_end_of_the_roll_comes_out_with_the_next_one(
    lab: Lab, tmp_path: Path, plug: Callable[[PrinterEngine], UsbDevice]
) -> None:
    async def story(till: GuestTill) -> None:
        await till.start()
        await till.give_role()
        await till.fill_basket(card_of=0)
        await till.press(till.members[0].pin)
        till.printer.run_out_of_paper()
        till.pad.press("\n")
        await till.until_told("not printed")
        assert RECEIPT not in till.texts
        till.printer.load_paper()
        await until_receipt_is_on_paper(till)
        assert await till.stop() == 0
        assert "hold." in await till.run("journal", "verify")
        till.printer.tear_off()

    at_a_till(lab, tmp_path, plug, story)


@BOTH_PORTS
def test_a_receipt_that_is_torn_by_an_unplugged_printer_comes_out_as_a_copy(
    lab: Lab, tmp_path: Path, plug: Callable[[PrinterEngine], UsbDevice]
) -> None:
    async def story(till: GuestTill) -> None:
        desk = till.guest.emulator
        await till.start()
        await till.give_role()
        await till.fill_basket(card_of=0)
        await till.press(till.members[0].pin)
        await till.printer.settle(quiet_ms=300)
        before = till.printer.paper.bytes_taken
        till.printer.pace(SLOW_BYTES_PER_S)
        till.pad.press("\n")
        while till.printer.paper.bytes_taken < before + 2 * SLOW_BYTES_PER_S:
            await asyncio.sleep(0.05)
        await desk.unplug(socket=PRINTER_SOCKET)
        await till.until_told("not printed")
        till.printer.pace(None)
        await desk.plug_in(till.printer_plug, socket=PRINTER_SOCKET)
        await until_receipt_is_on_paper(till)
        assert COPY in till.texts
        assert await till.stop() == 0
        assert "hold." in await till.run("journal", "verify")

    at_a_till(lab, tmp_path, plug, story)


def test_a_till_whose_only_voice_was_its_printer_sells_on_by_the_light_of_its_pad(
    lab: Lab, tmp_path: Path
) -> None:
    async def story(till: GuestTill) -> None:
        await till.start()
        await till.give_role()
        await till.fill_basket(card_of=0, total="")
        await till.guest.emulator.unplug(socket=PRINTER_SOCKET)
        await flashes_of(till)
        await till.press("40000+")
        assert till.state == "FLASHES"
        await till.press(f"{await flashes_of(till)}\n")
        assert till.state == "SUM"
        await till.press("45000\n")
        assert till.state == "TOTALED"
        await till.press(till.members[0].pin + "\n")
        assert till.state == "IDLE"
        await till.until(lambda: till.pad.lamps != 0, what="the light says that it is approved")
        await till.guest.emulator.plug_in(till.printer_plug, socket=PRINTER_SOCKET)
        await until_receipt_is_on_paper(till)
        assert COPY not in till.texts
        assert await till.stop() == 0
        assert "hold." in await till.run("journal", "verify")

    at_a_till(lab, tmp_path, usb_printer, story)


async def flashes_of(till: GuestTill) -> int:
    """What a person counts who watches the pad until it is quiet; counting begins anew then."""
    counted = -1
    while counted != till.pad.flashes:
        counted = till.pad.flashes
        await asyncio.sleep(QUIET_LIGHT_S)
    till.pad.flashes = 0
    return counted
