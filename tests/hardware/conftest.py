"""The lab for all stories here: one guest for the whole run, put back before each story.

LAB=whole runs all of them, LAB=smoke those that are marked so; without it they are left out, as in `make test`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from debian.archive import PartMissing
from lab import checkout
from lab.emulator import Emulator, emulator_missing
from lab.guest import Guest
from lab.images import cache_folder, images
from tests.fakes.paper_center import OPENING_S
from tests.hardware.benches import LabBench, SimulatedBench, serial_printer, usb_printer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.hardware.benches import Bench

IN_THE_LAB = "lab"
SMOKE = "smoke"
SIMULATED = ("simulated", "pty")
STARTED_S = OPENING_S + 9 * 3_600
"""What the clock chip says: an hour after the tills of these stories were last heard of."""
STORY_WITHIN_S = 900
"""With the first story the guest is made and started."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lab: needs real kernel drivers, in the lab's guest")
    config.addinivalue_line("markers", "smoke: one of the few that every submission runs in the lab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    wanted = os.environ.get("LAB", "")
    missing = emulator_missing() if wanted else None
    for item in items:
        if item.get_closest_marker(IN_THE_LAB) is None:
            continue
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(STORY_WITHIN_S))
        if not wanted:
            item.add_marker(pytest.mark.skip(reason="real kernel drivers: `make lab` runs it in a guest"))
        elif missing:
            item.add_marker(pytest.mark.skip(reason=missing))
        elif wanted == SMOKE and item.get_closest_marker(SMOKE) is None:
            item.add_marker(pytest.mark.skip(reason="not in the smoke run: `make lab` runs it"))


class Lab:
    """The guest, and the loop on which its devices live."""

    def __init__(self, runner: asyncio.Runner, guest: Guest) -> None:
        self._runner = runner
        self.guest = guest

    def tell(self, story: Callable[[Guest], Awaitable[None]]) -> None:
        """Run a story with the guest as it was when it had started."""
        self._runner.run(self._told(story))

    async def _told(self, story: Callable[[Guest], Awaitable[None]]) -> None:
        await self.guest.fresh()
        try:
            await story(self.guest)
        finally:
            self.guest.emulator.unplug_all()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    try:
        made = images(_say)
    except PartMissing as missing:
        pytest.skip(str(missing))
    with tempfile.TemporaryDirectory(prefix="lab") as folder, asyncio.Runner() as runner:
        code = Path(folder) / "code"
        code.mkdir()
        compiled = cache_folder() / checkout.COMPILED
        checkout.lay_out(code, compiled)
        emulator = Emulator(made, code, Path(folder), started_s=STARTED_S)
        runner.run(emulator.__aenter__())
        try:
            guest = Guest(emulator)
            _say("starting the guest")
            runner.run(guest.started())
            if anew := runner.run(guest.compiled()):
                compiled.write_bytes(anew)
            yield Lab(runner, guest)
        finally:
            runner.run(emulator.__aexit__(None, None, None))


def _say(what: str) -> None:
    print(f"lab: {what}", file=sys.stderr)  # noqa: T201 -- it takes a while


class BenchTeller:
    """Tells a story on one of the benches."""

    def __init__(self, name: str, request: pytest.FixtureRequest, folder: Path) -> None:
        self.name = name
        self._lab: Lab | None = None if name in SIMULATED else request.getfixturevalue("lab")
        self._folder = folder
        self._serial_scanner = name in {"pty", "cdc_acm"}

    def __call__(self, story: Callable[[Bench], Awaitable[None]]) -> None:
        if self._lab is None:
            asyncio.run(self._on_this_machine(story))
            return
        plug = usb_printer if self.name == "usblp" else serial_printer

        async def in_the_guest(guest: Guest) -> None:
            await story(LabBench(guest, plug, serial_scanner=self._serial_scanner))

        self._lab.tell(in_the_guest)

    async def _on_this_machine(self, story: Callable[[Bench], Awaitable[None]]) -> None:
        bench = SimulatedBench(self._folder, serial_scanner=self._serial_scanner)
        try:
            await story(bench)
        finally:
            await bench.clear()


@pytest.fixture(params=["simulated", pytest.param("evdev", marks=pytest.mark.lab)])
def on_a_bench(request: pytest.FixtureRequest, tmp_path: Path) -> BenchTeller:
    """Tells a story about keys: on this machine, or in the guest."""
    return BenchTeller(request.param, request, tmp_path)


@pytest.fixture(
    params=[
        "simulated",
        pytest.param("evdev", marks=pytest.mark.lab),
        "pty",
        pytest.param("cdc_acm", marks=pytest.mark.lab),
    ]
)
def on_a_scanner(request: pytest.FixtureRequest, tmp_path: Path) -> BenchTeller:
    """Tells a story about scans: of a keyboard or a serial port, on this machine or in the guest."""
    return BenchTeller(request.param, request, tmp_path)


@pytest.fixture(
    params=[
        "simulated",
        pytest.param("ftdi_sio", marks=pytest.mark.lab),
        pytest.param("usblp", marks=pytest.mark.lab),
    ]
)
def on_a_port(request: pytest.FixtureRequest, tmp_path: Path) -> BenchTeller:
    """Tells a story about a printer's port: a pseudo terminal, or one of the guest's drivers."""
    return BenchTeller(request.param, request, tmp_path)
