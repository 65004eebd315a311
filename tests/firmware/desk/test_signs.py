"""Display and screen show the newest, come back after they were pulled out, and go blank when the purchase is over."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DriverError
from drivers.line_display import PROTOCOLS, TwoLines
from drivers.printer.slip import Rule, Text
from drivers.screen import Geometry
from drivers.simulated.framebuffer import FileScreen
from drivers.simulated.pole_display import PoleDisplay
from firmware.desk import signs
from firmware.desk.signs import READ_AFTER_MS, PoleSign, ScreenSign
from firmware.log import Level, Log
from firmware.supervisor import Job, Supervisor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

TOTAL = TwoLines("TOTAL         35,000", "     25,000 + 10,000")
GEOMETRY = Geometry(width=480, height=320, bits_per_pixel=16, line_bytes=960)


class Pole:
    """A display on a pseudo terminal and the till's side of it, supervised as in the appliance."""

    def __init__(self, folder: Path) -> None:
        self.display = PoleDisplay("cd5220", path=folder / "pole")
        self.now_ms = 0
        self.log = Log(lambda _: None, level=Level.ERROR, monotonic_ms=lambda: 0)
        self.sign = PoleSign(
            lambda: self.display.path,
            PROTOCOLS["cd5220"],
            baud=9_600,
            log=self.log,
            monotonic_ms=lambda: self.now_ms,
        )

    async def reads(self, lines: TwoLines) -> None:
        """Wait until the buyer does."""
        async with asyncio.timeout(5):
            while self.display.lines != (lines.upper, lines.lower):
                await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "AGAIN_MS", 20)


def at_a_pole(folder: Path, story: Callable[[Pole], Awaitable[None]]) -> None:
    async def soon(_: int) -> None:
        await asyncio.sleep(0.01)

    async def run() -> None:
        pole, until = Pole(folder), asyncio.Event()

        async def tell() -> None:
            await story(pole)
            until.set()
            await asyncio.Event().wait()

        async with pole.display:
            supervisor = Supervisor(log=pole.log, sleep_ms=soon, monotonic_ms=lambda: 0)
            jobs = (Job("display", pole.sign.run, (DriverError,)), Job("story", tell))
            await supervisor.run(jobs, until=until)

    asyncio.run(run())


def test_the_newest_amount_is_read(tmp_path: Path) -> None:
    async def story(pole: Pole) -> None:
        for number in range(50):
            pole.sign.show(TwoLines(str(number)))
        pole.sign.show(TOTAL)
        await pole.reads(TOTAL)

    at_a_pole(tmp_path, story)


def test_a_display_that_was_pulled_out_shows_the_present_when_it_is_back(tmp_path: Path) -> None:
    async def story(pole: Pole) -> None:
        pole.sign.show(TwoLines("1"))
        await pole.reads(TwoLines("1"))
        assert pole.sign.is_seen
        pole.display.unplug()
        pole.sign.show(TwoLines("2"))
        await asyncio.sleep(0.03)
        assert not pole.sign.is_seen
        pole.sign.show(TOTAL)
        pole.display.plug_in()
        await pole.reads(TOTAL)

    at_a_pole(tmp_path, story)


def fill(path: Path) -> None:
    """Let the kernel hold as much as it will for the display."""
    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(fd, b"\r" * 64)
    os.close(fd)


def test_a_display_that_takes_nothing_costs_the_till_nothing_and_catches_up(tmp_path: Path) -> None:
    async def story(pole: Pole) -> None:
        pole.sign.show(TwoLines("1"))
        await pole.reads(TwoLines("1"))
        pole.display.block()
        fill(pole.display.path)
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        for number in range(500):
            pole.sign.show(TwoLines(str(number)))
            await asyncio.sleep(0)
        assert loop.time() - started_s < 0.5
        pole.display.unblock()
        pole.sign.show(TOTAL)
        await pole.reads(TOTAL)

    at_a_pole(tmp_path, story)


def test_the_display_goes_blank_when_the_buyer_has_read_it_and_not_before(tmp_path: Path) -> None:
    async def story(pole: Pole) -> None:
        pole.sign.show(TOTAL)
        pole.sign.end()
        pole.now_ms += READ_AFTER_MS - 1
        await pole.reads(TOTAL)
        await asyncio.sleep(0.06)
        assert pole.display.lines == (TOTAL.upper, TOTAL.lower)
        pole.now_ms += 1
        await pole.reads(TwoLines())

    at_a_pole(tmp_path, story)


def test_a_new_purchase_is_not_blanked_by_the_end_of_the_one_before(tmp_path: Path) -> None:
    async def story(pole: Pole) -> None:
        pole.sign.show(TwoLines("OK"))
        pole.sign.end()
        pole.sign.show(TOTAL)
        pole.now_ms += 10 * READ_AFTER_MS
        await asyncio.sleep(0.06)
        await pole.reads(TOTAL)

    at_a_pole(tmp_path, story)


def test_a_screen_begins_empty_shows_each_strip_alone_and_goes_dark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = FileScreen(tmp_path / "fb", GEOMETRY)
    pixels = GEOMETRY.width * GEOMETRY.height

    async def until_black(dots: Callable[[int], bool]) -> int:
        async with asyncio.timeout(5):
            while not dots(black := screen.seen().histogram()[0]):
                await asyncio.sleep(0.01)
        return black

    async def story() -> None:
        sign = ScreenSign(screen.open)
        running = asyncio.create_task(sign.run())
        assert await until_black(lambda black: black == pixels) == pixels
        rule = (Rule(),)
        sign.show(rule)
        alone = 2 * GEOMETRY.width_dots * GEOMETRY.scale**2  # a rule is two rows
        await until_black(lambda black: black == alone)
        sign.show((Text("شیر"),))
        await until_black(lambda black: black > alone)
        sign.end()
        sign.show(rule)
        assert await until_black(lambda black: black == alone) == alone
        monkeypatch.setattr(signs, "DARK_AFTER_MS", 20)
        sign.end()
        await until_black(lambda black: black == pixels)
        running.cancel()

    asyncio.run(story())
