"""The paper emulator: strict, incremental, bounded. Bytes here are written by hand from the guide."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drivers.errors import UnknownPrinterBytes
from drivers.printer.profiles import PrinterProfile, profile_named
from drivers.simulated.paper import Paper
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM

if TYPE_CHECKING:
    from PIL import Image

EPSON = profile_named("epson-tm-t20")
DOTS = "1D50CBCB"
"""One unit is one dot on a printer that would else feed by half dots."""
SLIP = bytes.fromhex("1B40 1D763000 0200 0200 8001 FF00 1B4A03 1B420209 1D763000 0100 0100 01 1D564200")
BAR = "1B26034141 01 FFFFFF"
"""Letter A is a bar at the left of its cell."""


def printed(bytes_hex: str, profile: PrinterProfile = EPSON) -> Image.Image:
    paper = Paper(profile)
    paper.feed(bytes.fromhex(bytes_hex))
    return paper.tear_off()


def ink(picture: Image.Image) -> tuple[int, int, int, int] | None:
    return picture.convert("L").point(lambda level: 255 - level).getbbox()


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


@pytest.mark.parametrize("unit", ["1D50CBCB", "1D5000CB"])
def test_a_unit_is_half_a_dot_until_it_is_set_and_again_after_a_reset(unit: str) -> None:
    assert printed("1B4A60").height == 48
    assert printed(unit + "1B4A60").height == 96
    assert printed(unit + "1B40 1B4A60").height == 48
    assert printed("1B4A60", PAPER_58_MM).height == 96


def test_columns_stand_upright_at_their_place() -> None:
    picture = printed("1B241000 1B2A210200 800000 000001 1B4A18", PAPER_58_MM)
    assert picture.size == (384, 24)
    assert [picture.getpixel(at) for at in ((16, 0), (17, 23), (17, 0), (16, 23))] == [0, 0, 255, 255]
    assert picture.histogram()[0] == 2


def test_single_density_columns_are_two_dots_wide() -> None:
    picture = printed("1B2A200200 FFFFFF 000001 1B4A18", PAPER_58_MM)
    assert ink(picture) == (0, 0, 4, 24)
    assert [picture.getpixel((x, 23)) for x in range(5)] == [0, 0, 0, 0, 255]


def test_a_margin_moves_rows_until_it_is_taken_back() -> None:
    picture = printed("1D4C1000 1D763000 0100 0100 FF 1D4C0000 1D763000 0100 0100 FF")
    assert [ink(picture.crop((0, row, 576, row + 1))) for row in (0, 1)] == [(16, 0, 24, 1), (0, 0, 8, 1)]


def test_a_loaded_letter_takes_a_cell_whatever_it_fills() -> None:
    assert ink(printed(f"{DOTS} {BAR} 1B2501 4141 1B4A1E")) == (0, 0, 13, 24)
    assert printed(f"{DOTS} {BAR} 1B2501 4141 1B4A1E").height == 30


def test_several_letters_may_be_loaded_at_once() -> None:
    assert ink(printed(f"{DOTS} 1B26034142 01 FFFFFF 00 1B2501 4241 1B4A18")) == (12, 0, 13, 24)


@pytest.mark.parametrize(("size", "box"), [("00", 24), ("01", 48), ("10", 24), ("11", 48), ("70", 24)])
def test_letters_are_so_many_times_as_wide_and_high(size: str, box: int) -> None:
    wide = 1 + int(size[0])
    picture = printed(f"{DOTS} {BAR} 1B2501 1D21{size} 4141 1B4A30")
    assert ink(picture) == (0, 0, 13 * wide, box)


def test_bold_is_a_dot_wider() -> None:
    assert ink(printed(f"{DOTS} {BAR} 1B2501 1B4501 41 1B4500 1B4A18")) == (0, 0, 2, 24)


@pytest.mark.parametrize(
    "then",
    ["1B2500", "1B40 1B2501" + DOTS, "1B3F41"],
    ids=["own letters not in use", "reset", "one letter forgotten"],
)
def test_a_letter_that_is_not_there_any_more_is_the_printers_own(then: str) -> None:
    drawn = printed(f"{DOTS} {BAR} 1B2501 {then} 41 1B4A18")
    assert ink(drawn) is not None
    assert drawn.tobytes() == printed(f"{DOTS} 41 1B4A18").tobytes()


def test_a_printer_that_was_switched_off_forgets_letters_units_and_half_a_command() -> None:
    paper = Paper(EPSON)
    paper.feed(bytes.fromhex(f"{DOTS} {BAR} 1B2501 41 1D7630"))
    paper.switch_off()
    paper.feed(bytes.fromhex("1B2501 41 1B4A30"))
    assert paper.tear_off().tobytes() == printed(f"{DOTS} 41 1B4A18").tobytes()


def test_a_line_that_is_reset_is_not_printed() -> None:
    assert ink(printed(f"{DOTS} {BAR} 1B2501 41 1B40 {DOTS} 1B4A18")) is None


def test_a_printer_draws_a_qr_where_it_is_aligned() -> None:
    def symbol(align: str) -> Image.Image:
        return printed(f"1B61{align} 1D286B0400 31413200 1D286B0300 314304 1D286B0300 314531"
                       f"1D286B0800 315030 52313A4142 1D286B0300 315130")  # fmt: skip

    assert [found.text for found in zxingcpp.read_barcodes(symbol("01"))] == ["R1:AB"]
    boxes = [ink(symbol(align)) for align in ("00", "01", "02")]
    assert boxes == [(0, 0, 84, 84), (246, 0, 330, 84), (492, 0, 576, 84)]


def test_questions_are_handed_on_in_their_turn() -> None:
    paper, asked = Paper(EPSON), list[tuple[int, str]]()
    paper.asked = lambda question: asked.append((paper.rows_printed, question.hex(" ").upper()))
    paper.feed(bytes.fromhex(f"{DOTS} 1004 04 1B4A05 1D7201 1B4A05 1D61FF 1D284806003030 00000007"))
    assert asked == [(5, "1D 72 01"), (10, "1D 61 FF"), (10, "1D 28 48 06 00 30 30 00 00 00 07")]


def test_the_drawer_is_kicked() -> None:
    paper = Paper(EPSON)
    paper.feed(bytes.fromhex("1B70 00 19 FA"))
    assert paper.drawer_kicks == 1


@pytest.mark.parametrize(
    ("bytes_hex", "offset"),
    [
        ("41", 0),
        ("1B40 0A", 2),
        ("1B40 1B64", 2),
        ("1B40 1B6103", 2),
        ("1B40 1D6B", 2),
        ("1D763100", 0),
        ("1D763001", 0),
        ("1D763000 3100 0100", 0),
        ("1B40 1D5600", 2),
        ("0000 41", 2),
        ("00 1B 4A", 1),
        ("1B420A01 41", 4),
        ("1B2501", 0),
        ("1D4C0000", 0),
        ("1D50CBCB", 0),
        ("1D286B0300 315130", 0),
        ("100401", 0),
        ("1D7201", 0),
        ("1B70001919", 0),
        ("1B2A01 0100 FF", 0),
        ("1B2A21 0100 FFFFFF 1B4A17", 8),
        ("1B247F01 1B2A21 0200 FFFFFF FFFFFF", 4),
        ("1B2A21 0100 FFFFFF 1D763000", 8),
    ],
)
def test_bytes_that_are_no_command_are_named_by_their_offset(bytes_hex: str, offset: int) -> None:
    paper = Paper(PAPER_58_MM)
    with pytest.raises(UnknownPrinterBytes) as caught:
        paper.feed(bytes.fromhex(bytes_hex) + bytes(8))
    assert caught.value.offset == offset
    for later in (lambda: paper.feed(b"\x1b@"), paper.tear_off):
        with pytest.raises(UnknownPrinterBytes, match=f"byte {offset}:"):
            later()


@pytest.mark.parametrize(
    "bytes_hex",
    [
        "1B26021F1F",
        "1B2603 7E7F 00 00",
        "1B2603 4141 0D",
        "1D2108",
        "1D2180",
        "1D5001CB",
        "41 1D4C0800",
        "41 1D5600",
        "41 1B6101",
        "1D286B0300 31430011",
        "1D286B0300 315130",
        "1D286B0400 31413300",
        "1D284C0200 3030",
        "20" * 49,
    ],
)
def test_what_depends_on_the_model_is_no_command_either(bytes_hex: str) -> None:
    with pytest.raises(UnknownPrinterBytes):
        Paper(EPSON).feed(bytes.fromhex(bytes_hex) + bytes(8))


def test_a_raster_that_is_one_byte_too_long_is_found() -> None:
    paper = Paper(PAPER_58_MM)
    with pytest.raises(UnknownPrinterBytes):
        paper.feed(bytes.fromhex("1D763000 0100 0100 80 00 1B4A01"))


def test_dots_come_only_in_a_form_that_the_printer_takes() -> None:
    with pytest.raises(UnknownPrinterBytes):
        Paper(replace(PAPER_58_MM, raster=())).feed(SLIP)


def test_memory_is_bounded() -> None:
    paper = Paper(PAPER_58_MM, rows_max=100)
    paper.feed(bytes.fromhex("1B4AFF 1D763000 0100 0100 FF"))
    assert (paper.rows_printed, paper.rows_lost) == (100, 156)
    assert paper.tear_off().getpixel((0, 99)) == 0
