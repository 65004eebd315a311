"""The paper emulator: strict, incremental, bounded. Bytes here are written by hand from the guide."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulated.paper import Paper, UnknownPrinterBytes
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM

SLIP = bytes.fromhex("1B40 1D763000 0200 0200 8001 FF00 1B4A03 1B420209 1D763000 0100 0100 01 1D564200")


def test_a_slip_is_drawn_black_on_white() -> None:
    paper = Paper(PAPER_80_MM)
    paper.feed(SLIP)
    assert (paper.cuts, paper.take_beeps(), paper.take_beeps()) == (1, [(2, 9)], [])
    picture = paper.tear_off()
    assert picture.size == (576, 6)
    assert [picture.getpixel((x, 0)) for x in (0, 1, 15, 16)] == [0, 255, 0, 255]
    assert picture.crop((0, 2, 576, 5)).getextrema() == (255, 255)
    assert picture.getpixel((7, 5)) == 0
    assert paper.rows_printed == 0


@given(st.lists(st.integers(0, len(SLIP)), max_size=6))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    whole, pieces = Paper(PAPER_80_MM), Paper(PAPER_80_MM)
    whole.feed(SLIP)
    edges = [0, *sorted(cuts), len(SLIP)]
    for begin, end in itertools.pairwise(edges):
        pieces.feed(SLIP[begin:end])
    assert pieces.tear_off().tobytes() == whole.tear_off().tobytes()


def test_a_row_is_on_paper_as_soon_as_it_is_whole() -> None:
    paper = Paper(PAPER_58_MM)
    paper.feed(bytes.fromhex("1B40 1D763000 0200 0200 8001 FF"))
    assert (paper.rows_printed, paper.moved_at) == (1, 12)
    paper.feed(b"\0")
    assert paper.rows_printed == 2


@pytest.mark.parametrize(
    ("bytes_hex", "offset"),
    [
        ("41", 0),
        ("1B40 0A", 2),
        ("1B40 1B61", 2),
        ("1B40 1D6B", 2),
        ("1D763100", 0),
        ("1D763001", 0),
        ("1D763000 3100 0100", 0),
        ("1B40 1D5600", 2),
        ("0000 41", 2),
        ("00 1B 4A", 2),
        ("1B420A01 41", 4),
    ],
)
def test_bytes_that_are_no_command_are_named_by_their_offset(bytes_hex: str, offset: int) -> None:
    paper = Paper(PAPER_58_MM)
    with pytest.raises(UnknownPrinterBytes) as caught:
        paper.feed(bytes.fromhex(bytes_hex))
    assert caught.value.offset == offset
    for later in (lambda: paper.feed(b"\x1b@"), paper.tear_off):
        with pytest.raises(UnknownPrinterBytes, match=f"byte {offset}:"):
            later()


def test_a_raster_that_is_one_byte_too_long_is_found() -> None:
    paper = Paper(PAPER_58_MM)
    with pytest.raises(UnknownPrinterBytes):
        paper.feed(bytes.fromhex("1D763000 0100 0100 80 00 1B4A01"))


def test_memory_is_bounded() -> None:
    paper = Paper(PAPER_58_MM, rows_max=100)
    paper.feed(bytes.fromhex("1B4AFF 1D763000 0100 0100 FF"))
    assert (paper.rows_printed, paper.rows_lost) == (100, 156)
    assert paper.tear_off().getpixel((0, 99)) == 0
