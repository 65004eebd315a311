"""A printer that holds our letters and is switched off and on: what it prints next is right."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.printer import printout
from drivers.printer.profiles import PrinterProfile, TextMode
from tests.drivers.printer.desk import AT_ONCE_ONLY, IDLE_MS, SPEAKS, at_a_desk
from tests.fakes.printers import PAPER_58_MM
from tests.firmware.receipt.samples import SLIPS

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.printer.receipt_printer import ReceiptPrinter
    from drivers.simulated.pty_printer import PtyPrinter

SLIP = SLIPS["receipt"][:10]
LETTERS = TextMode.ESC_AMPERSAND
TELLS_CHANGES = SPEAKS
SAYS_NOTHING = replace(PAPER_58_MM, text_mode=LETTERS, sets_feed_unit=True)
IS_ASKED = replace(AT_ONCE_ONLY, text_mode=LETTERS, sets_feed_unit=True)


async def printed(far: PtyPrinter, printer: ReceiptPrinter) -> bytes:
    await printer.print_slip(printout.render(SLIP, printer.profile))
    await far.settle()
    return far.tear_off().tobytes()


@pytest.mark.parametrize(
    "profile", [TELLS_CHANGES, SAYS_NOTHING, IS_ASKED], ids=["tells", "silent", "is asked"]
)
def test_letters_are_loaded_again_after_the_printer_was_off(tmp_path: Path, profile: PrinterProfile) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        first = await printed(far, printer)
        taken = far.paper.bytes_taken
        assert await printed(far, printer) == first
        again = far.paper.bytes_taken - taken
        far.switch_off()
        await asyncio.sleep(5 * IDLE_MS / 1_000)
        far.switch_on()
        await asyncio.sleep(5 * IDLE_MS / 1_000)
        taken = far.paper.bytes_taken
        assert await printed(far, printer) == first
        assert far.paper.bytes_taken - taken > again or profile is SAYS_NOTHING

    at_a_desk(tmp_path, profile, story)
