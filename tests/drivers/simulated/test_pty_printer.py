"""The printer at the far side of a pseudo terminal, by its own faces. What the till sees is told beside the port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.errors import UnknownPrinterBytes
from drivers.serial_port import open_serial_port
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from pathlib import Path

FEED = b"\x1bJ\x0a"


def test_a_foreign_byte_is_told_to_whoever_tears_the_paper_off(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            PtyPrinter(Paper(PAPER_58_MM), path=tmp_path / "printer") as printer,
            open_serial_port(printer.path, baud=9_600) as port,
        ):
            await port.write(FEED + b"text", timeout_ms=1_000)
            await printer.settle()
            with pytest.raises(UnknownPrinterBytes, match="byte 3:"):
                printer.tear_off()

    asyncio.run(story())


def test_a_slow_printer_takes_its_time(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            PtyPrinter(Paper(PAPER_58_MM), path=tmp_path / "printer", bytes_per_s=1_000) as printer,
            open_serial_port(printer.path, baud=9_600) as port,
        ):
            await port.write(FEED * 100, timeout_ms=1_000)
            await asyncio.sleep(0.1)
            assert 0 < printer.paper.bytes_taken <= 150
            printer.pace(None)
            await printer.settle()
            assert printer.tear_off().height == 1_000

    asyncio.run(story())


def test_the_path_comes_and_goes_with_the_plug(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "printer"
        async with PtyPrinter(Paper(PAPER_58_MM), path=path) as printer:
            for _ in range(2):
                assert path.is_char_device()
                printer.unplug()
                printer.unplug()
                assert not path.is_symlink()
                printer.plug_in()
        assert not path.is_symlink()

    asyncio.run(story())


def test_status_bytes_reach_the_till(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            PtyPrinter(Paper(PAPER_58_MM), path=tmp_path / "printer") as printer,
            open_serial_port(printer.path, baud=9_600) as port,
        ):
            printer.say(b"\x12")
            assert await port.read(timeout_ms=1_000) == b"\x12"

    asyncio.run(story())
