"""What a printer's port must do for the till, whether it is a pseudo terminal, a serial adapter or a USB printer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hardware.benches import Bench
    from tests.hardware.conftest import BenchTeller

RASTER_ROWS = 60
ROW_BYTES = 48
PICTURE = bytes((row * 7 + column * 3) & 0xFF for row in range(RASTER_ROWS) for column in range(ROW_BYTES))
SLIP = b"\x1b@" + b"\x1dv0\0" + ROW_BYTES.to_bytes(2, "little") + RASTER_ROWS.to_bytes(2, "little") + PICTURE
LONG_SLIP = SLIP * 40
SLOW_BYTES_PER_S = 2_000
PATIENCE_MS = 1_000
"""Longer than the kernel's own wait for a printer."""


@pytest.mark.smoke
def test_what_is_written_is_drawn_dot_for_dot(on_a_port: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver, printer = await bench.printer_driver()
        driver.tell(f"write {SLIP.hex()} 5000")
        assert await driver.says() == ["sent", len(SLIP)]
        driver.tell("drain 5000")
        assert await driver.says() == ["held", 0]
        await printer.settle(quiet_ms=300)
        torn = printer.tear_off()
        assert torn.size == (ROW_BYTES * 8, RASTER_ROWS)
        assert torn.tobytes("raw", "1;I") == PICTURE

    on_a_port(story)


def test_a_blocked_printer_is_told_and_gets_the_rest_later(on_a_port: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver, printer = await bench.printer_driver()
        printer.block()
        driver.tell(f"write {LONG_SLIP.hex()} {PATIENCE_MS}")
        what, sent = await driver.says()
        assert what == "blocked"
        assert 0 < sent < len(LONG_SLIP)
        printer.unblock()
        driver.tell(f"write {LONG_SLIP[sent:].hex()} 5000")
        assert await driver.says() == ["sent", len(LONG_SLIP) - sent]
        await printer.settle(quiet_ms=500)
        assert printer.paper.rows_printed == 40 * RASTER_ROWS
        assert printer.paper.bytes_taken == len(LONG_SLIP)

    on_a_port(story)


def test_a_printer_that_is_pulled_out_while_it_prints_is_gone(on_a_port: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver, printer = await bench.printer_driver()
        printer.pace(SLOW_BYTES_PER_S)
        driver.tell(f"write {LONG_SLIP.hex()} 30000")
        while not printer.paper.bytes_taken:
            await asyncio.sleep(0.02)
        await bench.unplug_printer()
        what, sent = await driver.says()
        assert what == "gone"
        assert 0 < sent < len(LONG_SLIP)
        driver.tell("write 00 1000")
        assert await driver.says() == ["gone", 0]

    on_a_port(story)


@pytest.mark.lab
@pytest.mark.parametrize("on_a_port", ["usblp"], indirect=True)
def test_the_last_bytes_of_a_slip_are_not_printed_when_the_cable_is_pulled_under_them(
    on_a_port: BenchTeller,
) -> None:
    """The kernel has taken them all, and ends its last write before it says that the printer is gone."""

    async def story(bench: Bench) -> None:
        driver, printer = await bench.printer_driver()
        driver.tell("paper")
        assert await driver.says() == ["paper is out", False]
        printer.block()
        said = ["sent"]
        while said[0] == "sent":
            driver.tell(f"write {SLIP.hex()} {PATIENCE_MS}")
            said = await driver.says()
        assert said == ["blocked", 0], "the slip before is under way in the kernel"
        driver.tell("drain 60000")
        await bench.unplug_printer()
        assert await driver.says() == ["gone", 0]

    on_a_port(story)


def test_what_the_printer_answers_is_read(on_a_port: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver, _ = await bench.printer_driver()
        driver.tell("write 100404 1000")
        assert await driver.says() == ["sent", 3]
        driver.tell("read 5000")
        assert await driver.says() == ["read", "12"]

    on_a_port(story)
