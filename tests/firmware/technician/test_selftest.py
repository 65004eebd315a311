"""`sofreh-till selftest`: a technician's ten minutes, with real ports below: FIFOs, a pseudo terminal, a folder."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from firmware import command
from firmware.receipt.selftest_slips import ECHO_BARS, ECHO_QR
from firmware.roles import open_roles
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


class Bench:
    """A till on the technician's table: not enrolled, all devices plugged in."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "till.toml"
        self.config.write_text(
            'data_folder = "data"\nscanner.path = "s"\nkeypad.path = "k"\nprinter.path = "p"\n'
        )
        self.data = folder / "data"
        self.data.mkdir()
        self.scanner = SimulatedScanner(folder / "s")
        self.keypad = SimulatedKeypad(folder / "k")
        self.printer = PtyPrinter(Paper(PAPER_58_MM), path=folder / "p")

    def test(self, *options: str) -> int:
        return command.main(["selftest", "--config", str(self.config), *options])

    @contextlib.asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[None]:
        self.scanner.plug_in()
        self.keypad.plug_in()
        async with self.printer, asyncio.timeout(30):
            yield

    async def until(self, done: Callable[[], bool]) -> None:
        """Do it again until it is heard: the command opens its devices only after the slip."""
        while not done():
            await asyncio.sleep(0.02)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def run(bench: Bench, people: Callable[[], Awaitable[None]], *options: str) -> int:
    async def story() -> int:
        async with bench.plugged_in():
            testing = asyncio.create_task(asyncio.to_thread(bench.test, *options))
            await people()
            return await testing

    return asyncio.run(story())


def test_whoever_reads_the_patterns_and_presses_all_keys_gets_zero(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    async def people() -> None:
        await bench.until(lambda: bench.scanner.scan(ECHO_BARS))
        await bench.until(lambda: bench.scanner.scan(ECHO_QR))
        await bench.until(lambda: bench.keypad.press("1234567890/*-+.\n"))
        bench.keypad.press("\n")

    assert run(bench, people, "--wait-s", "5") == 0
    told = capsys.readouterr().out
    for row in (
        "good    scanner",
        "good    disk write",
        "notice  device key      not enrolled yet",
        "good    QR echo",
        "good    keypad echo",
    ):
        assert row in told


def test_scripts_wait_for_nobody_and_get_three_when_a_device_is_missing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.test("--wait-s", "0") == 3
    told = capsys.readouterr().out
    assert "BAD     scanner         not plugged in:" in told
    assert "BAD     printer         did not print:" in told
    assert "echo" not in told


def test_nobody_at_the_counter_is_not_waited_for_for_ever(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    async def nobody() -> None:
        await bench.printer.settle()

    assert run(bench, nobody, "--wait-s", "1") == 3
    assert "BAD     bar code echo   was not read" in capsys.readouterr().out


def test_a_running_appliance_keeps_its_devices(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    with open_roles(bench.data, warn=pytest.fail):
        assert bench.test("--wait-s", "0") == 1
    assert "the appliance is running" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", ['printer.profile = "59mm"', 'printer.profile_file = "none.toml"', 'center.url = "ftp://center"']
)
def test_a_configuration_that_the_appliance_does_not_start_with_is_not_well(
    bench: Bench, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    bench.config.write_text(f"{bench.config.read_text()}{wrong}\n")

    async def nobody() -> None:
        return

    assert run(bench, nobody, "--wait-s", "0") == 1
    assert capsys.readouterr().err.startswith("sofreh-till: ")
