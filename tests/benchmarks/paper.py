"""What a receipt costs on the printer's line: bytes against plain raster, how soon paper shows ink, time to draw it."""

from __future__ import annotations

import time
from itertools import takewhile
from statistics import median
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drivers.printer import escpos, printout, raster
from drivers.printer.profiles import TextMode
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.slip import Qr
from tests.benchmarks.counter import Counter
from tests.benchmarks.workload import Village
from tests.fakes.ports import QuietPort
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.printer.slip import Slip
    from tests.benchmarks.progress import Tell

RECEIPTS = 12
TEXT_58_MM = replace(PAPER_58_MM, text_mode=TextMode.ESC_AMPERSAND)
INK_COMMANDS = (b"\x1dv0\0", b"\x1b*")


class CountingPort(QuietPort):
    """Takes every command at once and keeps them."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        self.commands.append(data)
        return len(data)

    async def drain(self, *, timeout_ms: int) -> int:
        return 0


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """All figures over some receipts of the workload."""
    slips = await _receipts(Village(folder))
    before_qr = [tuple(takewhile(lambda element: not isinstance(element, Qr), slip)) for slip in slips]
    symbols = [tuple(element for element in slip if isinstance(element, Qr)) for slip in slips]
    dots, letters = escpos.Encoder(PAPER_58_MM), escpos.Encoder(TEXT_58_MM)
    rastered = sum(map(_rastered, before_qr))
    sum(_sent(slip, letters) for slip in before_qr)  # now the printer holds its letters
    return {
        "receipt_bytes_over_raster": sum(_sent(slip, dots) for slip in before_qr) / rastered,
        "receipt_text_over_raster": sum(_sent(slip, letters) for slip in before_qr) / rastered,
        "qr_bytes": max(_sent(slip, dots) for slip in symbols),
        "first_ink_share": max([await _first_ink(slip) for slip in slips]),
        "render_ms": 1_000 * median(_cpu_s(slip) for slip in slips),
    }


async def _receipts(village: Village) -> list[Slip]:
    """What households take home: the whole strip from the first line to the QR."""
    async with village.journal("paper.db") as journal:
        counter, sales, slips = Counter(journal, village.folder), village.sales(), []
        await counter.open()
        for _ in range(RECEIPTS):
            await counter.ring_up(next(sales))
            await counter.last_key_s()
            slips.append(counter.strip())
        return slips


def _sent(slip: Slip, encoder: escpos.Encoder) -> int:
    parts = printout.render(slip, encoder.profile)
    return sum(len(command) for part in parts for command in encoder.commands(part))


def _rastered(slip: Slip) -> int:
    """The same slip with every dot sent."""
    return sum(len(strip.data) for strip in raster.render(slip, PAPER_58_MM.width_dots))


async def _first_ink(slip: Slip) -> float:
    port = CountingPort()
    printer = ReceiptPrinter(port, PAPER_58_MM)
    await printer.wake()
    port.commands.clear()
    await printer.print_slip(printout.render(slip, PAPER_58_MM))
    inked = (
        index for index, command in enumerate(port.commands) if any(ink in command for ink in INK_COMMANDS)
    )
    return sum(map(len, port.commands[: next(inked) + 1])) / sum(map(len, port.commands))


def _cpu_s(slip: Slip) -> float:
    """From the slip to its last byte; what was drawn for receipts before it is kept, as at a till."""
    begun_s = time.process_time()
    _sent(slip, escpos.Encoder(PAPER_58_MM))
    return time.process_time() - begun_s
