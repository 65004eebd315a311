"""A scanner on the desk, from kernel records to scans."""

from __future__ import annotations

import asyncio
import select
import socket
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DeviceGone
from drivers.input_device import InputDevice, open_input_device
from drivers.scanner.barcode_scanner import BarcodeScanner
from drivers.scanner.scan import BadScan, BadScanReason, GtinScan, TextScan
from drivers.scanner.settings import ScannerSettings
from drivers.simulated.input_events import SimulatedScanner, scan_events
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from pathlib import Path

OIL = "6260000000019"
OIL_SCAN = GtinScan("06260000000019")


@pytest.fixture
def desk(tmp_path: Path) -> tuple[SimulatedScanner, Path]:
    scanner = SimulatedScanner(tmp_path / "scanner")
    scanner.plug_in()
    return scanner, tmp_path / "scanner"


def test_scans_come_in_their_order(desk: tuple[SimulatedScanner, Path]) -> None:
    hand, path = desk

    async def story() -> None:
        async with BarcodeScanner(open_input_device(path)) as scanner:
            assert hand.scan(OIL)
            assert hand.scan("C1234:$*+/")
            assert [await anext(scanner), await anext(scanner)] == [OIL_SCAN, TextScan("C1234:$*+/")]

    asyncio.run(story())


def test_a_scan_before_the_till_is_on_is_lost(desk: tuple[SimulatedScanner, Path]) -> None:
    hand, path = desk

    async def story() -> None:
        assert not hand.scan("BEFORE")
        async with BarcodeScanner(open_input_device(path)) as scanner:
            hand.scan("AFTER")
            async for scan in scanner:
                assert scan == TextScan("AFTER")
                break

    asyncio.run(story())


@field_failure("a long code is cut at 64 characters", "agirorn/node-hid-stream#5")
def test_the_longest_text_passes_in_one_burst(desk: tuple[SimulatedScanner, Path]) -> None:
    hand, path = desk
    longest = "A:%$" * 250

    async def story() -> None:
        async with BarcodeScanner(open_input_device(path)) as scanner:
            hand.scan(longest)
            assert await anext(scanner) == TextScan(longest)

    asyncio.run(story())


@field_failure("half a scan is a barcode of its own", "odoo/odoo#287883", "OCA/stock-logistics-barcode#239")
def test_half_a_scan_is_told_after_a_silence_and_is_no_part_of_the_next(
    desk: tuple[SimulatedScanner, Path],
) -> None:
    hand, path = desk

    async def story() -> None:
        async with BarcodeScanner(open_input_device(path), ScannerSettings(gap_ms=20)) as scanner:
            hand.scan_half("9638")
            assert await anext(scanner) == BadScan(BadScanReason.HALF)
            hand.scan("5074")
            assert await anext(scanner) == TextScan("5074")

    asyncio.run(story())


@field_failure("a busy loop cuts a good scan in two", "metasfresh/metasfresh#25962")
def test_a_busy_till_does_not_cut_a_good_scan() -> None:
    async def story() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        burst = scan_events(OIL)
        with far:
            async with (
                BarcodeScanner(
                    InputDevice(near.detach(), name="scanner"), ScannerSettings(gap_ms=200)
                ) as scanner,
                asyncio.TaskGroup() as tasks,
            ):
                waiting = tasks.create_task(anext(scanner))
                far.send(burst[:720])
                while not scanner._decoder.midway:
                    await asyncio.sleep(0)
                far.send(burst[720:])
                # The whole loop stands still for longer than the gap, the rest lies unread in the kernel.
                select.select([], [], [], 0.25)
                assert await waiting == OIL_SCAN

    asyncio.run(story())


def test_a_scan_that_overran_the_kernels_ring_is_refused(desk: tuple[SimulatedScanner, Path]) -> None:
    hand, path = desk

    async def story() -> None:
        async with BarcodeScanner(open_input_device(path)) as scanner:
            hand.scan_too_fast(OIL)
            hand.scan(OIL)
            assert [await anext(scanner), await anext(scanner)] == [
                BadScan(BadScanReason.DROPPED_EVENTS),
                OIL_SCAN,
            ]

    asyncio.run(story())


@field_failure("a canceled wait loses the next keys", "gvalkov/python-evdev#123", "gvalkov/python-evdev#103")
def test_a_canceled_wait_in_the_middle_of_a_scan_loses_no_digit() -> None:
    async def story() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        burst = scan_events(OIL)
        with far:
            async with BarcodeScanner(InputDevice(near.detach(), name="scanner")) as scanner:
                for at in range(0, len(burst), 72):
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0):
                            await anext(scanner)
                    far.send(burst[at : at + 72])
                assert await anext(scanner) == OIL_SCAN

    asyncio.run(story())


@field_failure(
    "a reader hangs when its device is pulled out", "gvalkov/python-evdev#53", "gvalkov/python-evdev#252"
)
def test_an_unplugged_scanner_ends_the_iteration_with_device_gone() -> None:
    async def story() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        async with BarcodeScanner(InputDevice(near.detach(), name="scanner")) as scanner:
            far.send(scan_events(OIL) + scan_events("half", end="", stamp=(1, 0)))
            far.close()
            assert await anext(scanner) == OIL_SCAN
            with pytest.raises(DeviceGone):
                await anext(scanner)

    asyncio.run(story())
