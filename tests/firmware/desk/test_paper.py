"""Slips of one conversation are one strip; a printer that is away costs patience once, and is used again when it is back."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest

from drivers.byte_port import BytePort
from drivers.errors import DeviceGone, DriverError, PaperOut, PrinterBlocked
from drivers.printer.slip import Bars, Gap, Pair, Qr, Rule, Text
from drivers.printer.text_shaping import ShapingMissing
from drivers.simulated.paper import Paper as SimulatedPaper
from drivers.simulated.pty_printer import PtyPrinter
from drivers.sound import Sound
from firmware.desk import paper as paper_module
from firmware.desk.paper import Paper, texts
from firmware.desk.printer_choice import Chosen
from firmware.log import Level, Log
from firmware.supervisor import Job, Supervisor
from firmware.watchdog import CheckIn
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from drivers.printer.profiles import PrinterProfile

SLIP = (Text("سلام"), Rule())


async def never_asked() -> Chosen:
    raise AssertionError("the printer is known")


class Counter:
    """A printer on a pseudo terminal and the till's paper, supervised as in the appliance."""

    def __init__(self, folder: Path, profile: PrinterProfile) -> None:
        self.printer = PtyPrinter(SimulatedPaper(profile), path=folder / "printer")
        self.lines: list[str] = []
        self.log = Log(self.lines.append, level=Level.DEBUG, monotonic_ms=lambda: 0)
        check_in = CheckIn("paper", lambda: 0)
        chosen = Chosen(path=folder / "printer", profile=profile)
        self.paper = Paper(lambda: chosen, never_asked, log=self.log, check_in=check_in)

    async def run(self, story: Callable[[Counter], Awaitable[None]]) -> None:
        until = asyncio.Event()

        async def soon(_: int) -> None:
            await asyncio.sleep(0.01)

        async def tell() -> None:
            await story(self)
            until.set()
            await asyncio.Event().wait()

        supervisor = Supervisor(log=self.log, sleep_ms=soon, monotonic_ms=lambda: 0)
        jobs = (Job("printer", self.paper.run, (DriverError,)), Job("story", tell))
        await supervisor.run(jobs, until=until)


def at_a_counter(
    folder: Path, story: Callable[[Counter], Awaitable[None]], *, profile: PrinterProfile = PAPER_58_MM
) -> Counter:
    counter = Counter(folder, profile)

    async def run() -> None:
        async with counter.printer:
            await counter.run(story)

    asyncio.run(run())
    return counter


def test_while_what_draws_is_loaded_the_till_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loading, loaded = os.pipe()
    monkeypatch.setattr(paper_module, "load_drawing", lambda: os.read(loading, 1))

    async def story(counter: Counter) -> None:
        async with asyncio.TaskGroup() as tasks:
            printing = tasks.create_task(counter.paper.print(SLIP))
            await asyncio.sleep(0.05)  # the loop serves this
            assert not printing.done()
            os.write(loaded, b"1")
        await counter.paper.print(SLIP)  # loaded once: nothing more can be read

    at_a_counter(tmp_path, story)
    os.close(loading)
    os.close(loaded)


def test_a_machine_that_cannot_draw_persian_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot() -> None:
        raise ShapingMissing

    monkeypatch.setattr(paper_module, "require_shaping", cannot)

    async def story(counter: Counter) -> None:
        with pytest.raises(ShapingMissing):
            await counter.paper.print(SLIP)
        await counter.printer.settle()
        assert counter.printer.paper.bytes_taken == 0

    at_a_counter(tmp_path, story)


def test_slips_of_one_conversation_are_one_strip(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        for _ in range(3):
            await counter.paper.print(SLIP)
        await counter.printer.settle()
        assert counter.printer.paper.cuts == 0
        await counter.paper.tear()
        await counter.paper.tear()
        await counter.printer.settle()
        assert counter.printer.paper.cuts == 1, "nothing hangs out any more"

    at_a_counter(tmp_path, story, profile=PAPER_80_MM)


def test_what_is_printed_and_sounded_is_told_in_the_log(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        await counter.paper.print(SLIP)
        await counter.paper.beep(Sound.APPROVED)

    counter = at_a_counter(tmp_path, story)
    told = [json.loads(line) for line in counter.lines]
    assert [line["slip"] for line in told if line["event"] == "printed"] == [["سلام"]]
    assert [line["sound"] for line in told if line["event"] == "beeped"] == ["APPROVED"]


def test_an_absent_printer_costs_patience_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_module, "PLUGGED_IN_WITHIN_MS", 300)

    async def story(counter: Counter) -> None:
        await counter.paper.print(SLIP)
        counter.printer.unplug()
        await asyncio.sleep(0.02)
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        for _ in range(20):
            with pytest.raises(DeviceGone) as gone:
                await counter.paper.print(SLIP)
            assert not gone.value.started
        assert loop.time() - started_s < 1.5

    at_a_counter(tmp_path, story)


def test_a_printer_that_is_just_being_plugged_in_is_waited_for(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        await counter.paper.print(SLIP)
        counter.printer.unplug()
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().call_later(0.1, counter.printer.plug_in)
        await counter.paper.print(SLIP)
        await counter.printer.settle()
        assert counter.printer.tear_off().height > 0

    at_a_counter(tmp_path, story)


def test_what_a_person_can_read_of_a_slip() -> None:
    slip = (Text("الف\nب"), Pair("جمع", "۵"), Rule(), Gap(8), Bars((2, 1, 1), "T1:BARS"), Qr("ABC"))
    told = [text for element in slip for text in texts(element)]
    assert told == ["الف", "ب", "جمع | ۵", "[bars T1:BARS]", "[QR ABC]"]


@pytest.mark.parametrize(
    ("characters", "told"), [(39, f"[QR {'A' * 39}]"), (40, "[QR 40]"), (900, "[QR 900]")]
)
def test_a_long_code_is_told_by_its_length_alone(characters: int, told: str) -> None:
    assert texts(Qr("A" * characters)) == [told]


def test_a_usb_printer_that_takes_nothing_and_does_not_say_why_is_opened_anew(tmp_path: Path) -> None:
    class Port(BytePort):
        reopens_when_stuck = True

        def __init__(self) -> None:
            self.hung_up: list[str] = []

        def hang_up(self, why: str) -> None:
            self.hung_up.append(why)

    paper, port = Counter(tmp_path, PAPER_58_MM).paper, Port()
    paper._port = port
    for error in (
        PrinterBlocked("full"),
        PaperOut("no paper"),
        PrinterBlocked("full"),
        PrinterBlocked("full"),
    ):
        paper._count_stuck(error)
    assert not port.hung_up, "paper out explains it"
    paper._count_stuck(PrinterBlocked("full"))
    assert len(port.hung_up) == 1


def test_the_printer_is_asked_how_it_is_and_nobody_waits_for_one_that_is_away(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        await counter.paper.print(SLIP)
        told = await counter.paper.look()
        assert told is not None
        assert told[0] == "58mm"
        assert not told[1].holds
        counter.printer.unplug()
        while counter.paper.condition is not None:
            await asyncio.sleep(0.005)
        assert await counter.paper.look() is None

    at_a_counter(tmp_path, story)
