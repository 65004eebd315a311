"""The bytes of printer commands, against python-escpos and against the paper."""

from __future__ import annotations

import pytest
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.printer import escpos
from drivers.printer.profiles import PrinterProfile, built_in
from drivers.printer.strip import Strip
from drivers.simulated.paper import Paper
from drivers.sound import Sound
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM

ROW_BYTES = PAPER_58_MM.width_dots // 8
rows_of_dots = st.lists(
    st.one_of(
        st.just(bytes(ROW_BYTES)),
        st.integers(0, ROW_BYTES).flatmap(
            lambda used: st.binary(min_size=used, max_size=used).map(
                lambda dots: dots.ljust(ROW_BYTES, b"\0")
            )
        ),
    ),
    min_size=1,
    max_size=128,
)


def strip_of(*rows: bytes, width_dots: int = 384) -> Strip:
    full = [row.ljust(width_dots // 8, b"\0") for row in rows]
    return Strip(width_dots=width_dots, height=len(full), data=b"".join(full))


def commands_of(strip: Strip) -> list[bytes]:
    return list(escpos.strip_commands(strip))


def test_the_worked_example() -> None:
    strip = strip_of(b"\xc0", b"\xc0", *[b""] * 5)
    assert commands_of(strip) == [
        bytes.fromhex("1D 76 30 00 01 00 02 00 C0 C0"),
        bytes.fromhex("1B 4A 05"),
    ]


@given(rows_of_dots)
def test_what_comes_out_is_dot_for_dot_what_went_in(rows: list[bytes]) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    paper = Paper(PAPER_58_MM)
    for command in escpos.strip_commands(strip):
        paper.feed(command)
    assert paper.tear_off().tobytes("raw", "1;I") == strip.data


@given(rows_of_dots)
def test_no_command_is_longer_than_what_resync_covers(rows: list[bytes]) -> None:
    strip = Strip(width_dots=384, height=len(rows), data=b"".join(rows))
    for command in escpos.strip_commands(strip):
        assert len(command) <= escpos.RASTER_HEADER_BYTES + escpos.BAND_ROWS_MAX * ROW_BYTES


def test_blank_rows_cost_three_bytes() -> None:
    assert commands_of(strip_of(*[b""] * 128)) == [b"\x1bJ\x80"]


@pytest.mark.parametrize(("dots", "steps"), [(0, []), (1, [1]), (255, [255]), (256, [255, 1])])
def test_a_long_feed_is_several_commands(dots: int, steps: list[int]) -> None:
    assert list(escpos.feed_commands(dots)) == [b"\x1bJ" + bytes([step]) for step in steps]


def test_white_at_the_right_is_not_sent_and_white_at_the_left_is() -> None:
    left, right = commands_of(strip_of(b"\x80")), commands_of(strip_of(bytes(47) + b"\x01"))
    assert [len(command) for command in left + right] == [8 + 1, 8 + 48]


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
    assert [command[6] for command in commands] == bands


@pytest.mark.parametrize(("rows", "bands"), [(23, [23]), (24, [24]), (25, [24, 1]), (128, [24] * 5 + [8])])
def test_a_tall_strip_goes_in_bands(rows: int, bands: list[int]) -> None:
    assert [command[6] for command in commands_of(strip_of(*[b"\xff"] * rows))] == bands


@pytest.mark.parametrize("width_bytes", [1, 47, 48])
def test_raster_is_what_python_escpos_sends(width_bytes: int) -> None:
    rows = [bytes((at * 37 + row) % 255 + 1 for at in range(width_bytes)) for row in range(24)]
    oracle = Dummy()
    picture = Image.frombytes("1", (width_bytes * 8, 24), b"".join(rows), "raw", "1;I")
    oracle.image(picture, impl="bitImageRaster")
    assert b"".join(commands_of(strip_of(*rows))) == oracle.output


def test_initialize_buzzer_and_cut_are_what_python_escpos_sends() -> None:
    oracle = Dummy()
    oracle.hw("INIT")
    oracle.buzzer(times=3, duration=2)
    oracle.cut(feed=False)
    ours = escpos.INITIALIZE + escpos.buzzer_command(times=3, length=2) + escpos.cut_command()
    assert oracle.output == ours


@given(rows_of_dots, st.data())
def test_a_printer_cut_off_at_any_byte_prints_the_next_slip_whole(
    rows: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(
        [
            escpos.resync(width_dots=384),
            escpos.buzzer_command(times=5, length=9),
            *escpos.strip_commands(Strip(width_dots=384, height=len(rows), data=b"".join(rows))),
        ]
    )
    cut_off_at = data.draw(st.integers(0, len(stream)))
    next_slip = strip_of(*[bytes([row]) * 48 for row in range(1, 60)])
    paper = Paper(PAPER_58_MM)
    paper.feed(stream[:cut_off_at])
    for command in (escpos.resync(width_dots=384), *escpos.strip_commands(next_slip)):
        paper.feed(command)
    printed = paper.tear_off()
    below = printed.crop((0, printed.height - next_slip.height, 384, printed.height))
    assert below.tobytes("raw", "1;I") == next_slip.data


@pytest.mark.parametrize("profile", built_in().values(), ids=lambda profile: profile.name)
@pytest.mark.parametrize("cut_off_at", range(1, escpos.RASTER_HEADER_BYTES + 1))
def test_resync_covers_the_largest_command_and_leaves_no_ink(
    profile: PrinterProfile, cut_off_at: int
) -> None:
    full = bytes([255]) * (profile.width_dots // 8)
    largest = max(commands_of(strip_of(*[full] * 128, width_dots=profile.width_dots)), key=len)
    paper = Paper(profile)
    paper.feed(largest[:cut_off_at])
    paper.feed(escpos.resync(width_dots=profile.width_dots))
    paper.feed(b"\x1bJ\x01")
    picture = paper.tear_off()
    assert picture.height in (1, 1 + escpos.BAND_ROWS_MAX)
    assert picture.getextrema() == (255, 255)


def test_sounds_are_told_apart() -> None:
    assert len({sound.value for sound in Sound}) == len(Sound)
    assert PAPER_80_MM.has_cutter
    assert not PAPER_58_MM.has_cutter
