"""A printer without flow control gets no more than it can hold."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.flow import Flow
from drivers.printer.escpos import Encoder, feed_commands
from drivers.printer.pace import Pace, rows_of
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.strip import Strip
from drivers.serial_port import SerialPort, open_serial_port
from drivers.simulated.paper import Paper
from tests.fakes.ports import QuietPort
from tests.fakes.printers import PAPER_58_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from drivers.printer.profiles import PrinterProfile

ROWS_PER_S, BUFFER_BYTES = 8_000, 2_000
PACED = replace(PAPER_58_MM, rows_per_s=ROWS_PER_S, buffer_bytes=BUFFER_BYTES)
DENSE = Strip(width_dots=384, height=96, data=bytes(range(1, 193)) * 24)


class ForgetfulPrinter(QuietPort):
    """A printer that loses what does not fit into its buffer, and cannot say so."""

    holds_back = False

    def __init__(self) -> None:
        self.paper = Paper(PAPER_58_MM)
        self.lost_bytes = 0
        self._model = Pace(rows_per_s=2 * ROWS_PER_S, buffer_bytes=2 * BUFFER_BYTES)

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        now_s = asyncio.get_running_loop().time()
        if self._model.wait_s(len(data), now_s=now_s) > 0:
            self.lost_bytes += len(data)
        else:
            self._model.sent(data, now_s=now_s)
            self.paper.feed(data)
        return len(data)

    async def drain(self, *, timeout_ms: int) -> int:
        return 0


@field_failure(
    "a printer without flow control loses bytes in its buffer",
    "BoboTiG/thermalprinter#9",
    "lukevp/ESC-POS-.NET#227",
    "klirichek/zj-58#43",
)
def test_a_long_receipt_is_whole_at_the_profiles_pace_and_torn_without_it() -> None:
    async def lost(profile: PrinterProfile) -> int:
        port = ForgetfulPrinter()
        await ReceiptPrinter(port, profile).print_slip([DENSE] * 12, tear=False)
        if not port.lost_bytes:
            assert port.paper.tear_off().tobytes("raw", "1;I") == DENSE.data * 12
        return port.lost_bytes

    assert asyncio.run(lost(PACED)) == 0
    assert asyncio.run(lost(PAPER_58_MM)) > 0


@field_failure("XON/XOFF is filtered but stops nothing", "OctoPrint/OctoPrint#2346")
def test_behind_an_adapter_that_filters_xoff_the_receipt_is_whole_all_the_same() -> None:
    async def story() -> None:
        far, near = os.openpty()
        port = ForgetfulPrinter()
        async with open_serial_port(Path(os.ttyname(near)), baud=9_600, flow=Flow.XON_XOFF) as adapter:
            port.holds_back = adapter.holds_back
        await ReceiptPrinter(port, PACED).print_slip([DENSE] * 12, tear=False)
        assert port.lost_bytes == 0
        assert port.paper.tear_off().tobytes("raw", "1;I") == DENSE.data * 12
        os.close(near)
        os.close(far)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("flow", "dsr", "holds_back"),
    [
        (Flow.NONE, True, False), (Flow.XON_XOFF, True, False), (Flow.RTS_CTS, None, True),
        (Flow.DTR_DSR, True, True), (Flow.DTR_DSR, False, True), (Flow.DTR_DSR, None, False),
    ],
)  # fmt: skip
def test_a_line_counts_as_holding_back_only_where_it_can(
    flow: Flow, dsr: bool | None, holds_back: bool
) -> None:
    near, far = socket.socketpair()
    with near, far:
        assert (
            SerialPort(near.fileno(), name="printer", flow=flow, dsr=lambda _: dsr).holds_back is holds_back
        )


def test_a_port_that_holds_the_till_back_needs_no_pace() -> None:
    async def story() -> None:
        port = ForgetfulPrinter()
        port.holds_back = True
        slow = replace(PACED, rows_per_s=1)
        async with asyncio.timeout(2):
            await ReceiptPrinter(port, slow).print_slip([DENSE], tear=False)

    asyncio.run(story())


def test_waiting_is_as_long_as_the_rows_before_take() -> None:
    pace = Pace(rows_per_s=100, buffer_bytes=10)
    feed = bytes((0x1B, 0x4A, 50))
    for _ in range(3):
        assert pace.wait_s(3, now_s=0) == 0
        pace.sent(feed, now_s=0)
    assert pace.wait_s(1, now_s=0) == 0
    assert pace.wait_s(2, now_s=0) == pytest.approx(0.5)
    assert pace.wait_s(2, now_s=0.6) == 0
    assert pace.wait_s(10, now_s=0.6) == pytest.approx(0.9)
    assert pace.wait_s(1_000, now_s=2) == 0, "longer than the buffer: empty is all that helps"


def test_rows_of_every_command_are_counted() -> None:
    commands = list(Encoder(PAPER_58_MM).commands(DENSE))
    assert sum(map(rows_of, commands)) == DENSE.height
    assert [rows_of(command) for command in feed_commands(300)] == [255, 45]
    assert rows_of(b"\x1b@") == 0
