"""The modem lines of a serial adapter, at the real driver: what a pseudo terminal does not have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from drivers.flow import Flow
from drivers.simulated.paper import Paper
from lab.printer_engine import PrinterEngine
from lab.usb_serial import FtdiPrinter
from tests.fakes.printers import PAPER_58_MM
from tests.hardware.benches import PRINTER_SOCKET, device_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab.guest import Guest, GuestProgram
    from tests.hardware.conftest import Lab

pytestmark = pytest.mark.lab
FEED = b"\x1bJ\x01"
SLIP = FEED * 100
LONG_SLIP = FEED * 10_000
DIVISORS = {9_600: 0x4138, 19_200: 0x809C, 38_400: 0xC04E, 115_200: 0x001A}
"""What the chip divides 3 MHz by: whole part, and eighths in the two highest bits."""


class Line:
    """The till's port at one end, the printer's lines at the other."""

    def __init__(self, program: GuestProgram, adapter: FtdiPrinter) -> None:
        self._program = program
        self.adapter = adapter
        self._heard = 1

    async def asks(self, order: str) -> list[object]:
        self._program.tell(order)
        self._heard += 1
        said: list[object] = json.loads(await self._program.line(self._heard - 1))
        return said

    @property
    def rows(self) -> int:
        return self.adapter.engine.paper.rows_printed


def at_a_line(lab: Lab, flow: Flow, story: Callable[[Line], Awaitable[None]], *, baud: int = 9_600) -> None:
    async def run(guest: Guest) -> None:
        adapter = FtdiPrinter(PrinterEngine(Paper(PAPER_58_MM)))
        await guest.emulator.plug_in(adapter, socket=PRINTER_SOCKET)
        path = await device_file(guest, PRINTER_SOCKET)
        program = guest.start("fork:lab.till_side:port", path, str(baud), flow.value)
        assert await program.line(0) == '["open"]'
        await story(Line(program, adapter))

    lab.tell(run)


def test_a_printer_that_drops_cts_holds_the_till_and_gets_every_byte(lab: Lab) -> None:
    async def story(line: Line) -> None:
        assert line.adapter.heeds_cts
        line.adapter.set_lines(cts=False, dsr=True)
        what, sent = await line.asks(f"write {LONG_SLIP.hex()} 1000")
        assert what == "blocked"
        assert isinstance(sent, int)
        assert sent < len(LONG_SLIP)
        assert line.rows == 0
        line.adapter.set_lines(cts=True, dsr=True)
        assert await line.asks(f"write {LONG_SLIP[sent:].hex()} 10000") == ["sent", len(LONG_SLIP) - sent]
        assert await line.asks("drain 10000") == ["held", 0]
        await line.adapter.engine.settle(quiet_ms=500)
        assert line.rows == len(LONG_SLIP) // len(FEED)

    at_a_line(lab, Flow.RTS_CTS, story)


def test_a_printer_that_drops_dsr_holds_the_till_and_gets_every_byte(lab: Lab) -> None:
    async def story(line: Line) -> None:
        line.adapter.set_lines(cts=True, dsr=False)
        what, sent = await line.asks(f"write {SLIP.hex()} 1000")
        assert (what, sent) == ("blocked", 0)
        line.adapter.set_lines(cts=True, dsr=True)
        assert await line.asks(f"write {SLIP.hex()} 10000") == ["sent", len(SLIP)]
        assert await line.asks("drain 10000") == ["held", 0]
        await line.adapter.engine.settle(quiet_ms=500)
        assert line.rows == len(SLIP) // len(FEED)

    at_a_line(lab, Flow.DTR_DSR, story)


def test_without_flow_control_the_lines_hold_nobody_up(lab: Lab) -> None:
    async def story(line: Line) -> None:
        assert not line.adapter.heeds_cts
        line.adapter.set_lines(cts=False, dsr=False)
        assert await line.asks(f"write {SLIP.hex()} 5000") == ["sent", len(SLIP)]

    at_a_line(lab, Flow.NONE, story)


def test_an_open_port_raises_dtr_and_rts(lab: Lab) -> None:
    async def story(line: Line) -> None:
        assert line.adapter.dtr
        assert line.adapter.rts

    at_a_line(lab, Flow.NONE, story)


@pytest.mark.parametrize("baud", DIVISORS)
def test_the_chip_is_set_to_the_profile_s_speed(lab: Lab, baud: int) -> None:
    async def story(line: Line) -> None:
        assert line.adapter.divisor == DIVISORS[baud]

    at_a_line(lab, Flow.NONE, story, baud=baud)
