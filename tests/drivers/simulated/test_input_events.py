"""The kernel's side of scanners and keypads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from drivers import key_codes as keys
from drivers.errors import DriverError
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner, overflown, scan_events

if TYPE_CHECKING:
    from pathlib import Path


def test_one_key_with_shift_is_twelve_events_in_the_kernels_order() -> None:
    told = [
        (kind, code, value) for _, _, kind, code, value in keys.EVENT.iter_unpack(scan_events("A", end=""))
    ]
    syn = (keys.EV_SYN, keys.SYN_REPORT, 0)
    shift, letter = (keys.EV_MSC, keys.MSC_SCAN, 0x700E1), (keys.EV_MSC, keys.MSC_SCAN, 0x70004)
    assert told == [
        *(shift, (keys.EV_KEY, keys.KEY_LEFTSHIFT, 1), syn),
        *(letter, (keys.EV_KEY, 30, 1), syn),
        *(letter, (keys.EV_KEY, 30, 0), syn),
        *(shift, (keys.EV_KEY, keys.KEY_LEFTSHIFT, 0), syn),
    ]


def test_a_burst_bears_the_time_of_the_clock_that_was_given(tmp_path: Path) -> None:
    pad = SimulatedKeypad(tmp_path / "pad", now_us=lambda: 3_000_007)
    pad.plug_in()
    pad.plug_in()
    reader = os.open(tmp_path / "pad", os.O_RDONLY | os.O_NONBLOCK)
    assert pad.press("5")
    stamps = {event[:2] for event in keys.EVENT.iter_unpack(os.read(reader, 1 << 20))}
    assert stamps == {(3, 7)}
    os.close(reader)


def test_an_overflown_ring_begins_with_its_notice_and_keeps_the_end() -> None:
    burst = scan_events("6260000000019")
    left = overflown(burst)
    assert keys.EVENT.unpack_from(left)[2:] == (keys.EV_SYN, keys.SYN_DROPPED, 0)
    assert burst.endswith(left[keys.EVENT.size :])
    assert len(left) == (1 + 84 - 64) * keys.EVENT.size


def test_a_till_that_reads_nothing_is_told_in_the_end(tmp_path: Path) -> None:
    scanner = SimulatedScanner(tmp_path / "scanner")
    scanner.plug_in()
    reader = os.open(tmp_path / "scanner", os.O_RDONLY | os.O_NONBLOCK)

    def scan_for_ever() -> None:
        for _ in range(20):
            scanner.scan("x" * 1_000)

    with pytest.raises(DriverError, match="nobody reads"):
        scan_for_ever()
    os.close(reader)


def test_a_path_that_is_no_fifo_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=str(tmp_path)):
        SimulatedScanner(tmp_path).scan("1")
