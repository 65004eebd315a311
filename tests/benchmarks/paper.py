"""What a receipt costs on the printer's line: bytes saved against plain raster, and how soon paper shows ink."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from drivers.printer import escpos
from drivers.printer.raster import render
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
RASTER_COMMAND = b"\x1dv0\0"


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
    """Both figures over some receipts of the workload."""
    slips = await _receipts(Village(folder))
    before_qr = [tuple(takewhile(lambda element: not isinstance(element, Qr), slip)) for slip in slips]
    return {
        "receipt_bytes_over_raster": sum(map(_sent, before_qr)) / sum(map(_raster, before_qr)),
        "first_ink_share": max([await _first_ink(slip) for slip in slips]),
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


def _sent(slip: Slip) -> int:
    encoder = escpos.Encoder(PAPER_58_MM)
    return sum(
        len(command) for strip in render(slip, PAPER_58_MM.width_dots) for command in encoder.commands(strip)
    )


def _raster(slip: Slip) -> int:
    """The same rows with every dot sent."""
    return sum(len(strip.data) for strip in render(slip, PAPER_58_MM.width_dots))


async def _first_ink(slip: Slip) -> float:
    port = CountingPort()
    printer = ReceiptPrinter(port, PAPER_58_MM)
    await printer.wake()
    port.commands.clear()
    await printer.print_slip(render(slip, PAPER_58_MM.width_dots))
    first = next(index for index, command in enumerate(port.commands) if command.startswith(RASTER_COMMAND))
    return sum(map(len, port.commands[: first + 1])) / sum(map(len, port.commands))
