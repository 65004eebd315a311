"""A printer that stays away, hangs, or comes back elsewhere: the till neither gives it up nor wears itself out."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DriverError, PortNotOpened, PrinterBlocked
from drivers.printer.printout import render
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.slip import Rule, Text
from drivers.printer.strip import Strip
from drivers.simulated.paper import Paper as SimulatedPaper
from drivers.simulated.pty_printer import PtyPrinter
from firmware.desk import paper as paper_module
from firmware.desk.paper import Paper
from firmware.desk.printer_choice import Chosen
from firmware.log import Level, Log
from firmware.supervisor import RESTART_MAX_MS, Job, Supervisor
from firmware.watchdog import CheckIn
from tests.fakes.printers import PAPER_58_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SLIP = (Text("رسید خرید"), Rule())
SLIP_ROWS = sum(part.height for part in render(SLIP, PAPER_58_MM) if isinstance(part, Strip))
HOUR_MS = 3_600_000


class Shelf:
    """Where the printer stands now, and how often somebody looked for it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.looks = 0

    def choose(self) -> Chosen:
        self.looks += 1
        if not self.place.exists():
            raise PortNotOpened(f"{self.place}: the printer is not plugged in")
        return Chosen(path=self.place, profile=PAPER_58_MM)

    async def ask(self) -> Chosen:
        raise AssertionError("it is known which printer this is")


def with_a_till(
    shelf: Shelf, story: Callable[[Paper], Awaitable[None]], *, sleep_ms: Callable[[int], Awaitable[None]]
) -> None:
    async def run() -> None:
        log = Log(lambda _: None, level=Level.DEBUG, monotonic_ms=lambda: 0)
        paper = Paper(shelf.choose, shelf.ask, log=log, check_in=CheckIn("paper", lambda: 0))
        until = asyncio.Event()

        async def tell() -> None:
            await story(paper)
            until.set()
            await asyncio.Event().wait()

        jobs = (Job("printer", paper.run, (DriverError,)), Job("story", tell))
        await Supervisor(log=log, sleep_ms=sleep_ms, monotonic_ms=lambda: 0).run(jobs, until=until)

    asyncio.run(run())


async def soon(_: int) -> None:
    await asyncio.sleep(0.01)


async def came_out(printer: PtyPrinter, slips: int) -> bytes:
    """What is on paper when so many slips are, torn off."""
    async with asyncio.timeout(10):
        while printer.paper.rows_printed < slips * SLIP_ROWS:
            await asyncio.sleep(0.005)
    await printer.settle()
    return printer.tear_off().tobytes()


async def seen() -> None:
    """Until the loop has seen what happened to the port."""
    await asyncio.sleep(0.03)


@field_failure("an unplugged printer takes the whole processor", "apple/cups#2769")
def test_a_printer_that_is_away_for_an_hour_is_looked_for_now_and_then(tmp_path: Path) -> None:
    shelf, slept_ms = Shelf(tmp_path / "lp0"), 0

    async def sleep(duration_ms: int) -> None:
        nonlocal slept_ms
        slept_ms += duration_ms
        await asyncio.sleep(0)

    async def story(_: Paper) -> None:
        while slept_ms < HOUR_MS:
            await asyncio.sleep(0)

    with_a_till(shelf, story, sleep_ms=sleep)
    assert 1_000 < shelf.looks < HOUR_MS / RESTART_MAX_MS + 10


@field_failure(
    "a port that blinked has another number", "philippoo66/optolink-splitter#236", "pyserial/pyserial#36"
)
def test_a_printer_that_comes_back_under_another_number_goes_on(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "ttyUSB0")

    async def story(paper: Paper) -> None:
        async with PtyPrinter(SimulatedPaper(PAPER_58_MM), path=tmp_path / "ttyUSB0") as first:
            await paper.print(SLIP)
            paper_of_first = await came_out(first, 1)
        shelf.place = tmp_path / "ttyUSB1"
        await seen()
        async with PtyPrinter(SimulatedPaper(PAPER_58_MM), path=tmp_path / "ttyUSB1") as second:
            await paper.print(SLIP)
            assert await came_out(second, 1) == paper_of_first

    with_a_till(shelf, story, sleep_ms=soon)


async def slips_until_refused(paper: Paper) -> int:
    for slips in range(50):
        try:
            await paper.print(SLIP)
        except PrinterBlocked:
            return slips
    return 50


@field_failure("after some receipts the printer takes no more", "raspberrypi/linux#957")
def test_a_printer_that_hangs_is_told_and_prints_again_after_it_was_switched_off_and_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_module, "ReceiptPrinter", partial(ReceiptPrinter, stall_timeout_ms=100))
    shelf = Shelf(tmp_path / "lp0")

    async def story(paper: Paper) -> None:
        async with PtyPrinter(SimulatedPaper(PAPER_58_MM), path=tmp_path / "lp0") as printer:
            for _ in range(3):
                await paper.print(SLIP)
            whole = await came_out(printer, 3)
            printer.block()
            assert await slips_until_refused(paper) < 50
            with pytest.raises(PrinterBlocked) as again:
                await paper.print(SLIP)
            assert not again.value.started
            printer.switch_off()
            printer.unplug()
            printer.unblock()
            printer.switch_on()
            printer.plug_in()
            await seen()
            for _ in range(3):
                await paper.print(SLIP)
            assert await came_out(printer, 3) == whole

    with_a_till(shelf, story, sleep_ms=soon)
