"""An unknown printer at the first power-on: pages at every speed, a key, and then receipts."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DeviceGone, DriverError
from drivers.keypad import Key
from drivers.ports import Port, PortKind
from drivers.printer.slip import Text
from drivers.printer.usb_port import open_printer_port
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from firmware.config import config_from
from firmware.desk import paper, printer_search
from firmware.desk.paper import Paper as TillPaper
from firmware.desk.printer_choice import PrinterChoice
from firmware.desk.printer_search import BAUDS, PrinterSearch
from firmware.log import Level, Log
from firmware.roles import Role, open_roles
from firmware.watchdog import CheckIn
from tests.fakes.printers import PAPER_58_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from drivers.byte_port import BytePort
    from drivers.flow import Flow
    from firmware.desk.printer_choice import Chosen
    from firmware.roles import Roles


class FirstDay:
    """A till with an unknown printer behind one serial port, and somebody at its keys."""

    def __init__(self, folder: Path, roles: Roles, *, config: str = "") -> None:
        self.printer = PtyPrinter(Paper(PAPER_58_MM), path=folder / "tty")
        self.port = Port(kind=PortKind.SERIAL, path=folder / "tty", place="usb-a-1.1")
        self.ports: tuple[Port, ...] = (self.port,)
        self.roles = roles
        self.lending: list[bool] = []
        self.keypads_made = 0
        self.lines: list[str] = []
        read = config_from(f'data_folder = "."\n{config}', folder=folder)
        self.choice = PrinterChoice(read, roles, look=lambda: self.ports)
        self.search = PrinterSearch(
            self.choice, log=Log(self.lines.append, level=Level.DEBUG, monotonic_ms=lambda: 0),
            lend_keys=self.lending.append, keep_lender=self.keep_lender,
        )  # fmt: skip

    async def keep_lender(self) -> None:
        self.keypads_made += 1

    async def press(self, *keys: Key) -> None:
        while not self.search.press(keys[0]):
            await asyncio.sleep(0.01)
        for key in keys[1:]:
            self.search.press(key)

    async def pages(self, count: int) -> None:
        """Wait until so many lines of the log told of a round or a found printer."""
        while sum('"printer ' in line or "printer search" in line for line in self.lines) < count:
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer_search, "PAGE_REST_MS", 50)


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The speeds at which ports were opened, in order."""
    opened: list[int] = []

    def watched(path: Path, *, baud: int, flow: Flow) -> BytePort:
        opened.append(baud)
        return open_printer_port(path, baud=baud, flow=flow)

    monkeypatch.setattr(printer_search, "open_printer_port", watched)
    return opened


def on_the_first_day(folder: Path, story: Callable[[FirstDay], Awaitable[None]], *, config: str = "") -> None:
    async def run() -> None:
        with open_roles(folder, warn=pytest.fail) as roles:
            day = FirstDay(folder, roles, config=config)
            async with day.printer:
                await story(day)

    asyncio.run(run())


async def searched(day: FirstDay, *keys: Key) -> Chosen:
    async with asyncio.TaskGroup() as tasks:
        searching = tasks.create_task(day.search.run())
        for key in keys:
            await day.press(key)
    return searching.result()


@field_failure(
    "the wrong speed prints garbage and nobody notices",
    "python-escpos/python-escpos#16",
    "adafruit/Python-Thermal-Printer#31",
    "mike42/escpos-php#352",
)
def test_the_key_that_can_be_read_chooses_port_speed_and_paper(tmp_path: Path, speeds: list[int]) -> None:
    async def story(day: FirstDay) -> None:
        chosen = await searched(day, Key.D3, Key.D2)
        assert tuple(speeds[: len(BAUDS)]) == BAUDS, "every speed prints its page"
        assert (chosen.path, chosen.profile.name, chosen.profile.baud) == (day.port.path, "80mm", BAUDS[2])
        assert set(speeds[len(BAUDS) :]) == {BAUDS[2]}, "from then on the one that was chosen"
        assert day.roles.role_at(day.port.place) is Role.PRINTER
        assert day.keypads_made == 1
        assert day.lending == [True, False]
        again = day.choice.chosen()
        assert again is not None
        assert again.profile == chosen.profile

    on_the_first_day(tmp_path, story)


def test_pages_come_out_and_are_not_repeated_for_nobody(tmp_path: Path, speeds: list[int]) -> None:
    async def story(day: FirstDay) -> None:
        async with asyncio.TaskGroup() as tasks:
            searching = tasks.create_task(day.search.run())
            while len(speeds) < len(BAUDS):
                await asyncio.sleep(0.01)
            await day.printer.settle()
            # An emulator has one speed for all; at a real one only one of these can be read.
            assert day.printer.tear_off().height > 100 * len(BAUDS)
            await asyncio.sleep(0.1)
            assert len(speeds) == len(BAUDS)
            await day.press(Key.ENTER)
            while len(speeds) < 2 * len(BAUDS):
                await asyncio.sleep(0.01)
            searching.cancel()
        assert day.lending == [True, False]
        assert not day.search.press(Key.D1), "nobody asks any more"

    on_the_first_day(tmp_path, story)


def test_every_page_is_told_in_the_log_for_whoever_cannot_see_paper(tmp_path: Path) -> None:
    async def story(day: FirstDay) -> None:
        await searched(day, Key.D1, Key.D1)
        printed = [line for line in map(json.loads, day.lines) if line["event"] == "printed"]
        assert [line["slip"][0] for line in printed[: len(BAUDS)]] == ["۱", "۲", "۳", "۴", "۵"]
        assert [line["baud"] for line in printed[: len(BAUDS)]] == list(BAUDS)
        assert len(printed) == len(BAUDS) + 2, "how wide, and that it was found"

    on_the_first_day(tmp_path, story)


def test_a_number_that_was_on_no_page_asks_again(tmp_path: Path, speeds: list[int]) -> None:
    async def story(day: FirstDay) -> None:
        chosen = await searched(day, Key.D9, Key.D1, Key.D1)
        assert chosen.profile.baud == BAUDS[0]
        assert speeds.count(BAUDS[1]) == 2, "two rounds"

    on_the_first_day(tmp_path, story)


def test_many_pages_are_answered_with_enter(tmp_path: Path, speeds: list[int]) -> None:
    async def story(day: FirstDay) -> None:
        other = Port(kind=PortKind.SERIAL, path=tmp_path / "nothing", place="usb-a-1.2")
        day.ports = (other, day.port)
        async with asyncio.TaskGroup() as tasks:
            searching = tasks.create_task(day.search.run())
            for key in (Key.D4, Key.MINUS, Key.D1, Key.D0, Key.ENTER, Key.D1):
                await day.press(key)
        assert searching.result().profile.baud == BAUDS[4]
        assert len(speeds) > 10

    on_the_first_day(tmp_path, story)


def test_a_profile_of_the_configuration_leaves_only_the_speed_to_ask(
    tmp_path: Path, speeds: list[int]
) -> None:
    async def story(day: FirstDay) -> None:
        chosen = await searched(day, Key.D2)
        assert (chosen.profile.name, chosen.profile.baud) == ("epson-tm-t20", BAUDS[1])

    on_the_first_day(tmp_path, story, config='printer.profile = "epson-tm-t20"')


def test_a_printer_that_is_plugged_in_later_gets_its_pages(
    tmp_path: Path, speeds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer_search, "LOOK_EVERY_MS", 20)

    async def story(day: FirstDay) -> None:
        day.ports = ()
        async with asyncio.TaskGroup() as tasks:
            searching = tasks.create_task(day.search.run())
            await asyncio.sleep(0.05)
            assert not speeds
            day.ports = (day.port,)
            while len(speeds) < len(BAUDS):
                await asyncio.sleep(0.01)
            await day.press(Key.D1, Key.D1)
        assert searching.result().profile.name == "58mm"

    on_the_first_day(tmp_path, story)


def test_keys_go_to_the_search_while_it_asks_and_else_to_the_till(tmp_path: Path) -> None:
    async def story(day: FirstDay) -> None:
        assert not day.search.press(Key.D1)
        async with asyncio.TaskGroup() as tasks:
            searching = tasks.create_task(day.search.run())
            await asyncio.sleep(0)
            assert day.search.press(Key.D1)
            searching.cancel()
        assert not day.search.press(Key.D1)

    on_the_first_day(tmp_path, story)


class Till:
    """The printer's task as the supervisor runs it, restarted when its port is lost."""

    def __init__(self, day: FirstDay) -> None:
        log = Log(day.lines.append, level=Level.DEBUG, monotonic_ms=lambda: 0)
        self.paper = TillPaper(
            day.choice.chosen, day.search.run, log=log, check_in=CheckIn("paper", lambda: 0)
        )

    async def run(self) -> None:
        while True:
            with contextlib.suppress(DriverError):
                await self.paper.run()


def test_the_first_slip_comes_out_once_the_printer_is_found_and_a_code_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(day: FirstDay) -> None:
        till = Till(day)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(till.run())
            monkeypatch.setattr(paper, "PLUGGED_IN_WITHIN_MS", 20)
            with pytest.raises(DeviceGone):
                await till.paper.print((Text("سلام"),))
            await day.press(Key.D1)
            await day.press(Key.D1)
            await day.pages(2)
            while till.paper.condition is None:
                await asyncio.sleep(0.01)
            day.printer.tear_off()
            await till.paper.print((Text("سلام"),))
            await day.printer.settle()
            assert day.printer.tear_off().height > 20
            till.paper.ask_again()
            await day.press(Key.D2)
            await day.press(Key.D2)
            while till.paper.condition is None:
                await asyncio.sleep(0.01)
            chosen = day.choice.chosen()
            assert chosen is not None
            assert (chosen.profile.name, chosen.profile.baud) == ("80mm", BAUDS[1])
            running.cancel()

    on_the_first_day(tmp_path, story)


def test_keys_are_the_tills_again_after_a_while_and_without_any_port_at_all(
    tmp_path: Path, speeds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer_search, "ANSWER_WITHIN_MS", 300)
    monkeypatch.setattr(printer_search, "LOOK_EVERY_MS", 20)

    async def story(day: FirstDay) -> None:
        day.ports = ()
        async with asyncio.TaskGroup() as tasks:
            searching = tasks.create_task(day.search.run())
            await asyncio.sleep(0.05)
            assert not day.search.press(Key.D1), "nothing was printed that could be answered"
            day.ports = (day.port,)
            while len(speeds) < len(BAUDS) or day.search.press(Key.MINUS):
                await asyncio.sleep(0.01)
            assert not day.search.press(Key.D1), "nobody has answered for so long"
            while day.lending != [True, False]:
                await asyncio.sleep(0.01)
            day.search.begin_again()
            await day.press(Key.D4)
        assert searching.result().profile.baud == BAUDS[3]
        assert searching.result().profile.name == "58mm", "nobody said how wide"

    on_the_first_day(tmp_path, story)


def test_a_search_that_nobody_answers_leaves_the_till_the_printer_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Must not happen: a code keyed by mistake takes the paper away until somebody restarts the till."""
    monkeypatch.setattr(printer_search, "ANSWER_WITHIN_MS", 300)
    monkeypatch.setattr(printer_search, "LOOK_EVERY_MS", 20)

    async def story(day: FirstDay) -> None:
        had = await searched(day, Key.D3, Key.D2)
        async with asyncio.timeout(20):
            assert await day.search.run() == had
        assert not day.search.press(Key.D1)

    on_the_first_day(tmp_path, story)
