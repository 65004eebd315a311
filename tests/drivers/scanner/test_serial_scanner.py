"""A scanner on a serial port, from bytes to scans."""

from __future__ import annotations

import asyncio
import os
import tty
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import DeviceGone
from drivers.scanner.scan import BadScan, BadScanReason, Gs1Scan, GtinScan, Scan, TextScan
from drivers.scanner.serial_scanner import ByteDecoder, SerialScanner
from drivers.scanner.settings import ScannerSettings
from drivers.serial_port import open_serial_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

OIL = b"6260000000019"
OIL_SCAN = GtinScan("06260000000019")


def decode(*chunks: bytes) -> list[Scan]:
    """What is told of chunks that are read a second apart."""
    decoder = ByteDecoder()
    return [scan for second, chunk in enumerate(chunks) for scan in decoder.feed(chunk, second * 1_000_000)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\t", b"\x03", b"\r\n\r\n"])
def test_every_usual_end_ends_one_scan(end: bytes) -> None:
    assert decode(OIL + end, b"C1:AB" + end) == [OIL_SCAN, TextScan("C1:AB")]


def test_a_frame_of_stx_and_etx_is_nothing_of_the_scan() -> None:
    assert decode(b"\x02" + OIL + b"\x03\r\n") == [OIL_SCAN]


def test_a_separator_comes_as_it_is() -> None:
    assert decode(b"]d20106260000000019" + b"10L\x1d17261231\r") == [
        Gs1Scan(gtin="06260000000019", expires="261231")
    ]


@pytest.mark.parametrize("garbage", [b"\x80", b"\xff", b"\0", b"\x1b", b"\x7f", b"\x02"])
def test_a_byte_of_no_code_spoils_its_scan_and_not_the_next(garbage: bytes) -> None:
    assert decode(OIL[:5] + garbage + OIL[5:] + b"\r", OIL + b"\r") == [
        BadScan(BadScanReason.UNKNOWN_KEY),
        OIL_SCAN,
    ]


def test_bytes_that_the_queue_lost_spoil_their_scan() -> None:
    decoder = ByteDecoder()
    decoder.feed(OIL[:5], 0)
    decoder.drop()
    told = decoder.feed(b"96385074\r", 1_000_000) + decoder.feed(OIL + b"\r", 2_000_000)
    assert told == [BadScan(BadScanReason.DROPPED_EVENTS), OIL_SCAN]


@given(st.lists(st.binary(max_size=40), max_size=5))
@settings(max_examples=100)
def test_no_bytes_whatever_break_it(chunks: list[bytes]) -> None:
    decoder = ByteDecoder()
    for chunk in chunks:
        assert all(isinstance(scan, Scan) for scan in decoder.feed(chunk, 0))
    decoder.expire()
    assert not decoder.midway


def test_lines_that_are_read_together_are_one_code_and_no_other_line_is_sold() -> None:
    assert decode(b"LOT 7\r" + OIL + b"\r96385074\r") == [TextScan("LOT 7"), BadScan(BadScanReason.LINES)]


def test_one_pass_over_the_beam_is_one_scan() -> None:
    decoder, frame = ByteDecoder(), OIL + b"\r"
    told = [decoder.feed(frame, ms * 1_000) for ms in (0, 200, 700)]
    assert told == [[OIL_SCAN], [], [OIL_SCAN]]


class Line:
    """A pseudo terminal with a scanner at its far end."""

    def __init__(self) -> None:
        self.far, near = os.openpty()
        tty.setraw(near)
        self.path = os.ttyname(near)
        self._near = near

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self.far, self._near):
            if end >= 0:
                os.close(end)

    def send(self, data: bytes) -> None:
        os.write(self.far, data)

    def unplug(self) -> None:
        os.close(self.far)
        self.far = -1


def on_a_line(story: Callable[[Line, SerialScanner], Awaitable[None]], *, gap_ms: int = 300) -> None:
    async def run() -> None:
        with Line() as line:
            port = open_serial_port(Path(line.path), baud=9600)
            async with SerialScanner(port, ScannerSettings(gap_ms=gap_ms)) as scanner:
                await story(line, scanner)

    asyncio.run(run())


def test_scans_come_in_their_order_through_a_real_line() -> None:
    async def story(line: Line, scanner: SerialScanner) -> None:
        line.send(OIL + b"\r\n")
        assert await anext(scanner) == OIL_SCAN
        await asyncio.sleep(0.05)
        line.send(b"C1:A")
        await asyncio.sleep(0.01)
        line.send(b"B\r")
        async for scan in scanner:
            assert scan == TextScan("C1:AB")
            break

    on_a_line(story)


def test_half_a_scan_is_told_after_a_silence() -> None:
    async def story(line: Line, scanner: SerialScanner) -> None:
        line.send(b"96385")
        assert await anext(scanner) == BadScan(BadScanReason.HALF)
        line.send(OIL + b"\r")
        assert await anext(scanner) == OIL_SCAN

    on_a_line(story, gap_ms=20)


def test_an_unplugged_scanner_ends_the_iteration_and_its_half_scan_is_gone() -> None:
    async def story(line: Line, scanner: SerialScanner) -> None:
        line.send(OIL + b"\r")
        assert await anext(scanner) == OIL_SCAN
        line.send(b"96385")
        line.unplug()
        with pytest.raises(DeviceGone):
            await anext(scanner)

    on_a_line(story)


def test_a_till_that_reads_too_late_believes_no_scan_that_lost_a_part() -> None:
    async def story(line: Line, scanner: SerialScanner) -> None:
        line.send(OIL[:5])
        await asyncio.sleep(0.01)
        while not scanner._port.lost_reads:
            line.send(b"96385074\r")
            await asyncio.sleep(0.001)
        assert await anext(scanner) == BadScan(BadScanReason.DROPPED_EVENTS)

    on_a_line(story)
