"""The bytes of printer commands, against python-escpos and against the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from drivers.printer import escpos
from drivers.printer.profiles import PrinterProfile, Raster, built_in
from drivers.printer.strip import Cell, QrSymbol, Run, Strip, TextLine
from drivers.simulated.paper import Paper
from drivers.sound import Sound
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from escpos.printer import Dummy

ROW_BYTES = PAPER_58_MM.width_dots // 8
ROWS_ONLY = replace(PAPER_58_MM, raster=(Raster.GS_V_0,))
COLUMNS_ONLY = replace(PAPER_58_MM, raster=(Raster.ESC_STAR_24,))
WITH_MARGINS = replace(PAPER_58_MM, raster=(Raster.GS_V_0, Raster.GS_L))
EVERY_FORM = replace(PAPER_58_MM, raster=tuple(Raster))
FORMS = [ROWS_ONLY, WITH_MARGINS, PAPER_58_MM, EVERY_FORM]

each_form = pytest.mark.parametrize("profile", FORMS, ids=["rows", "margins", "columns", "all"])
dots_in_a_row = st.integers(0, ROW_BYTES).flatmap(
    lambda used: st.binary(min_size=used, max_size=used).map(lambda dots: dots.ljust(ROW_BYTES, b"\0"))
)
sparse_row = st.lists(st.integers(0, 383), max_size=6).map(
    lambda places: sum({1 << place for place in places}).to_bytes(ROW_BYTES, "big")
)
rows_of_dots = st.lists(
    st.one_of(st.just(bytes(ROW_BYTES)), dots_in_a_row, sparse_row), min_size=1, max_size=128
)


def python_escpos(**given: str) -> Dummy:
    """The other library's encoder, which writes to memory."""
    from escpos.printer import Dummy  # noqa: PLC0415 -- it loads for a second, in each process that looks for tests

    return Dummy(**given)


def strip_of(*rows: bytes, width_dots: int = 384) -> Strip:
    full = [row.ljust(width_dots // 8, b"\0") for row in rows]
    return Strip(width_dots=width_dots, height=len(full), data=b"".join(full))


def commands_of(strip: Strip, profile: PrinterProfile = ROWS_ONLY) -> list[bytes]:
    encoder = escpos.Encoder(profile)
    encoder.wake()
    return list(encoder.commands(strip))


def printed(strip: Strip, profile: PrinterProfile) -> bytes:
    paper = Paper(profile)
    paper.feed(escpos.resync(profile) + b"".join(commands_of(strip, profile)))
    return paper.tear_off().tobytes("raw", "1;I")


def test_the_worked_example() -> None:
    strip = strip_of(b"\xc0", b"\xc0", *[b""] * 5)
    assert commands_of(strip) == [
        bytes.fromhex("1D 76 30 00 01 00 02 00 C0 C0"),
        bytes.fromhex("1B 4A 05"),
    ]


@field_failure("a raster says one height and brings another", "hennedo/escpos#9")
@each_form
@given(rows=rows_of_dots)
def test_what_comes_out_is_dot_for_dot_what_went_in(profile: PrinterProfile, rows: list[bytes]) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    assert printed(strip, profile) == strip.data


@given(rows=rows_of_dots)
def test_a_printer_that_takes_no_rows_adds_white_below_a_strip_at_most(rows: list[bytes]) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    assert printed(strip, COLUMNS_ONLY).rstrip(b"\0") == strip.data.rstrip(b"\0")


@each_form
@given(rows=rows_of_dots)
def test_more_forms_never_cost_more(profile: PrinterProfile, rows: list[bytes]) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    rows_alone = sum(map(len, commands_of(strip, ROWS_ONLY)))
    assert (
        sum(map(len, commands_of(strip, EVERY_FORM)))
        <= sum(map(len, commands_of(strip, profile)))
        <= rows_alone
    )


@each_form
@given(rows=rows_of_dots)
def test_no_write_is_longer_than_what_resync_covers(profile: PrinterProfile, rows: list[bytes]) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    covered = escpos.longest_command_bytes(profile)
    assert escpos.resync(profile).startswith(bytes(covered) + b"\x1b@")
    for command in commands_of(strip, profile):
        assert len(command) <= covered + 8 + 3


def test_blank_rows_cost_three_bytes() -> None:
    assert commands_of(strip_of(*[b""] * 128), EVERY_FORM) == [b"\x1bJ\x80"]


@pytest.mark.parametrize(("dots", "steps"), [(0, []), (1, [1]), (255, [255]), (256, [255, 1])])
def test_a_long_feed_is_several_commands(dots: int, steps: list[int]) -> None:
    assert list(escpos.feed_commands(dots)) == [b"\x1bJ" + bytes([step]) for step in steps]


def test_white_at_the_right_is_not_sent_and_white_at_the_left_is_where_no_margin_can_be_set() -> None:
    left, right = strip_of(b"\x80"), strip_of(bytes(47) + b"\x01")
    assert [len(b"".join(commands_of(strip))) for strip in (left, right)] == [8 + 1, 8 + 48]
    assert commands_of(right, WITH_MARGINS) == [
        b"\x1dL\x78\x01" + b"\x1dv0\0\x01\0\x01\0\x01" + b"\x1dL\0\0",
    ]


@pytest.mark.parametrize(("white_bytes", "forms"), [(8, [b"v"]), (9, [b"L"])])
def test_a_margin_is_set_where_it_saves_more_than_it_costs(white_bytes: int, forms: list[bytes]) -> None:
    commands = commands_of(strip_of(bytes(white_bytes) + b"\xff"), WITH_MARGINS)
    assert [command[1:2] for command in commands] == forms


@pytest.mark.parametrize(
    ("lengths", "bands"),
    [
        ([10, 18], [2]), ([10, 19], [1, 1]),  # eight bytes of white cost what a header costs
        ([18, 10], [2]), ([19, 10], [1, 1]),
        ([10, 10, 14], [3]), ([10, 10, 15], [2, 1]),  # a wider row widens all above it
        ([9, 17, 9, 17], [4]), ([1, 30, 1, 30], [1, 1, 1, 1]),
    ],
)  # fmt: skip
def test_a_band_ends_where_the_next_one_saves_more_than_its_header(
    lengths: list[int], bands: list[int]
) -> None:
    commands = commands_of(strip_of(*[b"\xff" * length for length in lengths]))
    assert sum(map(len, commands)) == 8 * len(bands) + sum(
        rows * max(lengths[sum(bands[:at]) :][:rows]) for at, rows in enumerate(bands)
    )


@field_failure(
    "a tall image overflows the printer",
    "cognitivegears/ha-escpos-thermal-printer#45",
    "Klemen1337/node-thermal-printer#130",
    "twg/png2escpos#4",
)
@pytest.mark.parametrize("rows_max", [8, 24, 255])
@pytest.mark.parametrize("rows", [1, 23, 24, 25, 128])
def test_a_band_has_no_more_rows_than_the_printer_takes(rows: int, rows_max: int) -> None:
    profile = replace(ROWS_ONLY, band_rows_max=rows_max)
    heights = [command[6] for command in commands_of(strip_of(*[b"\xff"] * rows), profile)]
    assert sum(heights) == rows
    assert max(heights) <= rows_max
    assert len(heights) == -(-rows // rows_max)


def test_two_far_words_are_two_groups_of_columns_each_at_its_place() -> None:
    row = b"\xe0" + bytes(40) + b"\x07" + bytes(6)
    (command,) = commands_of(strip_of(*[row] * 24), PAPER_58_MM)
    word = b"\x1b*\x21\x03\x00" + b"\xff" * 9
    assert command == word + b"\x1b$\x4d\x01" + word + b"\x1bJ\x18"


@pytest.mark.parametrize(("gap", "groups"), [(0, 1), (1, 1), (3, 1), (4, 2)])
def test_a_gap_is_skipped_where_it_is_wider_than_the_bytes_that_skip_it(gap: int, groups: int) -> None:
    row = (1 << 383 | 1 << 382 - gap | 1 << 380 - gap).to_bytes(48, "big")
    (command,) = commands_of(strip_of(*[row] * 24), PAPER_58_MM)
    assert command.count(b"\x1b*") == groups


def test_dots_that_come_in_pairs_are_sent_once() -> None:
    checkered = strip_of(*[b"\xcc" * 40, b"\x33" * 40] * 12)
    (command,) = commands_of(checkered, PAPER_58_MM)
    assert command.startswith(b"\x1b*\x20\xa0\x00")
    assert printed(checkered, PAPER_58_MM) == checkered.data


@field_failure(
    "a picture in columns has white lines between its bands",
    "NielsLeenheer/ReceiptPrinterEncoder#47", "receipt-print-hq/escpos-printer-db#56",
)  # fmt: skip
@pytest.mark.parametrize("profile", built_in().values(), ids=lambda profile: profile.name)
def test_bands_of_columns_lie_close(profile: PrinterProfile) -> None:
    """No line feed, whose height is the printer's, but as many rows as a band has, in units of a dot."""
    row = b"\xee\x77" * (profile.row_bytes // 2)
    strip = strip_of(*[row] * 120, width_dots=profile.width_dots)
    columns_only = replace(profile, raster=(Raster.ESC_STAR_24,))
    assert len(commands_of(strip, columns_only)) == 5
    assert printed(strip, columns_only) == strip.data


def test_columns_reach_no_further_than_their_strip() -> None:
    words = strip_of(*[bytes(40) + b"\xff"] * 23)
    assert {command[:3] for command in commands_of(words, PAPER_58_MM)} == {b"\x1dv0"}


@pytest.mark.parametrize("width_bytes", [1, 47, 48])
def test_rows_are_what_python_escpos_sends(width_bytes: int) -> None:
    rows = [bytes((at * 37 + row) % 255 + 1 for at in range(width_bytes)) for row in range(24)]
    oracle = python_escpos()
    picture = Image.frombytes("1", (width_bytes * 8, 24), b"".join(rows), "raw", "1;I")
    oracle.image(picture, impl="bitImageRaster")
    assert b"".join(commands_of(strip_of(*rows))) == oracle.output


@pytest.mark.parametrize("wide", [False, True])
def test_columns_are_what_python_escpos_sends(wide: bool) -> None:
    rows = [bytes((at * 37 + row) % 255 + 1 for at in range(20)) for row in range(24)]
    rows[0] = b"\xff" + rows[0][1:]  # no white at the left, which only python-escpos sends
    rows = [_doubled(row) for row in rows] if wide else [row * 2 for row in rows]
    oracle = python_escpos()
    picture = Image.frombytes("1", (320, 24), b"".join(rows), "raw", "1;I")
    oracle.image(
        picture.resize((160, 24)) if wide else picture,
        impl="bitImageColumn",
        high_density_horizontal=not wide,
    )
    (command,) = commands_of(strip_of(*rows), COLUMNS_ONLY)
    assert command.removesuffix(b"\x1bJ\x18") in oracle.output


def _doubled(row: bytes) -> bytes:
    return int("".join(bit * 2 for byte in row for bit in f"{byte:08b}"), 2).to_bytes(2 * len(row), "big")


@pytest.mark.parametrize(("level", "theirs"), [("l", 0), ("m", 1), ("q", 2), ("h", 3)])
def test_a_printers_own_qr_is_asked_for_as_python_escpos_does(level: str, theirs: int) -> None:
    oracle = python_escpos(profile="TM-T88V")
    oracle.qr("R1:6BF5XO-QO", ec=theirs, size=4, model=2, native=True)
    command = escpos.qr_command(QrSymbol(text="R1:6BF5XO-QO", level=level, module_dots=4))
    assert command == b"\x1ba\x01" + oracle.output + b"\x1ba\x00"


def test_letters_are_loaded_and_styled_as_the_guide_has_it() -> None:
    """ESC &, ESC %, ESC E and GS ! by the guide's tables."""
    cell = Cell(bytes.fromhex("0000FF") * 2 + bytes(30))
    assert escpos.load_command(0x41, cell) == bytes.fromhex("1B26 03 41 41 02 0000FF 0000FF")
    line = TextLine(runs=(Run(24, (cell,)),), height=60, cell_width=2, cell_height=2, bold=True)
    *_, last = escpos.Encoder(PAPER_58_MM).commands(line)
    assert last == bytes.fromhex("1B4501 1D2111 1B241800 1B2501 21 1B4A3C 1B4500 1D2100")


def test_initialize_buzzer_and_cut_are_what_python_escpos_sends() -> None:
    oracle = python_escpos()
    oracle.hw("INIT")
    oracle.buzzer(times=3, duration=2)
    oracle.cut(feed=False)
    ours = escpos.INITIALIZE + escpos.buzzer_command(times=3, length=2) + escpos.cut_command()
    assert oracle.output == ours


@field_failure(
    "the rest of a broken image is printed as text",
    "DantSu/ESCPOS-ThermalPrinter-Android#415",
    "Sunil9162/flutter_thermal_printer#8",
    "python-escpos/python-escpos#367",
)
@each_form
@given(rows=rows_of_dots, data=st.data())
def test_a_printer_cut_off_at_any_byte_prints_the_next_slip_whole(
    profile: PrinterProfile, rows: list[bytes], data: st.DataObject
) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    stream = b"".join(
        [
            escpos.resync(profile),
            escpos.buzzer_command(times=5, length=9),
            *commands_of(strip, profile),
        ]
    )
    cut_off_at = data.draw(st.integers(0, len(stream)))
    next_slip = strip_of(*[bytes([row]) * 48 for row in range(1, 60)])
    paper = Paper(profile)
    paper.feed(stream[:cut_off_at])
    for command in (escpos.resync(profile), *commands_of(next_slip, profile)):
        paper.feed(command)
    picture = paper.tear_off()
    below = picture.crop((0, picture.height - next_slip.height, 384, picture.height))
    assert below.tobytes("raw", "1;I") == next_slip.data


@pytest.mark.parametrize("profile", built_in().values(), ids=lambda profile: profile.name)
@pytest.mark.parametrize("cut_off_at", range(1, 9))
def test_resync_covers_the_largest_command_and_leaves_no_ink(
    profile: PrinterProfile, cut_off_at: int
) -> None:
    full = bytes([255]) * (profile.width_dots // 8)
    largest = max(commands_of(strip_of(*[full] * 128, width_dots=profile.width_dots), profile), key=len)
    paper = Paper(profile)
    paper.feed(largest[:cut_off_at])
    paper.feed(escpos.resync(profile))
    paper.feed(b"\x1bJ\x01")
    picture = paper.tear_off()
    assert picture.height in (1, 1 + profile.band_rows_max)
    assert picture.getextrema() == (255, 255)


@pytest.mark.parametrize("profile", built_in().values(), ids=lambda profile: profile.name)
def test_every_printer_we_know_is_told_its_units_in_dots(profile: PrinterProfile) -> None:
    paper = Paper(profile)
    paper.feed(escpos.resync(profile) + b"".join(escpos.feed_commands(300)))
    assert paper.tear_off().height == 300


def test_sounds_are_told_apart() -> None:
    assert len({sound.value for sound in Sound}) == len(Sound)
    assert PAPER_80_MM.has_cutter
    assert not PAPER_58_MM.has_cutter
