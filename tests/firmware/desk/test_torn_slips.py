"""A printer's cable that is pulled at any byte of a slip: half a slip is never taken for a whole one, and the till goes on.

The printer is one that tells when it has printed: what another had in its buffer, nobody could know.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DriverError, WriteInterrupted
from drivers.printer.slip import Qr, Rule, Text
from drivers.simulated import far_printer
from drivers.simulated.paper import Paper as SimulatedPaper
from drivers.simulated.pty_printer import PtyPrinter
from firmware.desk import paper as paper_module
from firmware.desk.paper import Paper
from firmware.desk.printer_choice import Chosen
from firmware.log import Level, Log
from firmware.supervisor import Job, Supervisor
from firmware.watchdog import CheckIn
from tests.drivers.printer.desk import WITH_JOBS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SEEDS = range(6)
SLIP = (Text("رسید خرید"), Rule(), Qr("R1:" + "A" * 300), Text("پایان"))
GRAIN_BYTES = 61
"""As fine as the cable is cut."""


class TornPrinter(PtyPrinter):
    """Loses its cable once so many bytes have come."""

    tear_at: int | None = None

    def _readable(self) -> None:
        super()._readable()
        if self.tear_at is not None and self.paper.bytes_taken >= self.tear_at:
            self.tear_at = None
            self.unplug()


def at_a_till(printer: TornPrinter, place: Path, story: Callable[[Paper], Awaitable[None]]) -> None:
    async def ask() -> Chosen:
        raise AssertionError("it is known which printer this is")

    async def soon(_: int) -> None:
        await asyncio.sleep(0.002)

    async def run() -> None:
        log = Log(lambda _: None, level=Level.ERROR, monotonic_ms=lambda: 0)
        chosen = Chosen(path=place, profile=WITH_JOBS)
        paper = Paper(lambda: chosen, ask, log=log, check_in=CheckIn("paper", lambda: 0))
        until = asyncio.Event()

        async def tell() -> None:
            async with printer, asyncio.timeout(30):
                await story(paper)
            until.set()
            await asyncio.Event().wait()

        jobs = (Job("printer", paper.run, (DriverError,)), Job("story", tell))
        await Supervisor(log=log, sleep_ms=soon, monotonic_ms=lambda: 0).run(jobs, until=until)

    asyncio.run(run())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slip_torn_at_any_byte_is_told_and_printed_whole_when_the_printer_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(far_printer, "READ_BYTES_MAX", GRAIN_BYTES)
    monkeypatch.setattr(paper_module, "PLUGGED_IN_WITHIN_MS", 20)
    chance = random.Random(seed)
    printer = TornPrinter(SimulatedPaper(WITH_JOBS), path=tmp_path / "printer", answers=WITH_JOBS.answers)

    async def story(paper: Paper) -> None:
        await printed(paper)
        await printer.settle()
        printer.tear_off()
        before = printer.paper.bytes_taken
        await printed(paper)
        await printer.settle()
        slip_bytes, whole = printer.paper.bytes_taken - before, printer.tear_off()
        for _ in range(4):
            printer.tear_at = printer.paper.bytes_taken + chance.randrange(1, slip_bytes)
            with pytest.raises(WriteInterrupted) as torn:
                await paper.print(SLIP)
            assert torn.value.started
            while chance.random() < 0.5:
                with pytest.raises(WriteInterrupted) as away:
                    await paper.print(SLIP)
                assert not away.value.started
            printer.plug_in()
            await printed(paper)
            await printer.settle()
            printed_rows = printer.tear_off()
            copy = printed_rows.crop(
                (0, printed_rows.height - whole.height, whole.width, printed_rows.height)
            )
            assert copy.tobytes() == whole.tobytes()

    at_a_till(printer, tmp_path / "printer", story)


async def printed(paper: Paper) -> None:
    """As the till does: again, as long as it is not printed."""
    while True:
        try:
            await paper.print(SLIP)
        except WriteInterrupted:
            await asyncio.sleep(0.005)
        else:
            return
