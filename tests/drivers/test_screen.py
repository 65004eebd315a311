"""A screen shows the last of what the paper says, black on white, in whole pixels, in each format."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

import pytest

from drivers.errors import PortNotOpened
from drivers.printer.raster import render
from drivers.printer.slip import Gap, Pair, Qr, Rule, Text
from drivers.screen import Geometry, Screen, _geometry, open_framebuffer
from drivers.simulated.framebuffer import FileScreen

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from drivers.printer.slip import Slip

GEOMETRIES = {
    "800x480, 16 bits": Geometry(width=800, height=480, bits_per_pixel=16, line_bytes=1_600),
    "1366x768, 32 bits, long lines": Geometry(width=1_366, height=768, bits_per_pixel=32, line_bytes=5_504),
    "480x320, 24 bits, panned": Geometry(
        width=480, height=320, bits_per_pixel=24, line_bytes=1_440, first_byte=320 * 1_440
    ),
    "320x240, 16 bits": Geometry(width=320, height=240, bits_per_pixel=16, line_bytes=640),
}
LINE: Slip = (Text("شیر کم‌چرب"), Pair("۲ عدد", "۷۰٬۰۰۰"))


@pytest.fixture(params=GEOMETRIES)
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> FileScreen:
    return FileScreen(tmp_path / "fb", GEOMETRIES[request.param])


def show(screen: FileScreen, *slips: Slip) -> Image.Image:
    async def story() -> None:
        async with screen.open() as surface:
            shown = Screen(surface)
            for slip in slips:
                await shown.show(slip)

    asyncio.run(story())
    return screen.seen()


def drawn(slip: Slip, geometry: Geometry) -> tuple[int, int]:
    """Rows and black dots of the slip on paper of the screen's width."""
    strips = list(render(slip, geometry.width_dots))
    return sum(strip.height for strip in strips), sum(
        byte.bit_count() for strip in strips for byte in strip.data
    )


def black(picture: Image.Image) -> int:
    return picture.histogram()[0]


def test_a_slip_stands_at_the_bottom_dot_for_dot_in_pure_black_and_white(screen: FileScreen) -> None:
    picture, geometry = show(screen, LINE), screen.geometry
    rows, dots = drawn(LINE, geometry)
    histogram = picture.histogram()
    assert histogram[0] + histogram[0xFF] == geometry.width * geometry.height
    assert black(picture) == dots * geometry.scale**2
    top = (geometry.height_dots - rows) * geometry.scale
    assert black(picture.crop((0, 0, geometry.width, top))) == 0


def test_letters_are_no_smaller_than_on_narrow_paper(screen: FileScreen) -> None:
    assert screen.geometry.scale >= screen.geometry.width // 384
    assert screen.geometry.width_dots <= 2 * 384


def test_what_is_new_comes_at_the_bottom_and_moves_the_old_up(screen: FileScreen) -> None:
    geometry = screen.geometry
    first = show(screen, LINE)
    both = show(screen, LINE, (Rule(),))
    rise = drawn((Rule(),), geometry)[0] * geometry.scale
    seen = geometry.height_dots * geometry.scale
    assert both.crop((0, 0, geometry.width, seen - rise)) == first.crop((0, rise, geometry.width, seen))


def test_a_screen_that_is_full_keeps_the_newest(screen: FileScreen) -> None:
    more = (Text("پایان"),)
    assert show(screen, *[LINE] * 60, (Gap(2_000),), more) == show(screen, more)


def test_codes_for_machines_stay_on_paper(screen: FileScreen) -> None:
    assert show(screen, (*LINE, Qr("SOFREH"))) == show(screen, LINE)


def test_nothing_is_written_beside_the_visible_part(tmp_path: Path) -> None:
    screen = FileScreen(tmp_path / "fb", GEOMETRIES["480x320, 24 bits, panned"])
    show(screen, LINE)
    data = screen.path.read_bytes()
    assert data[: screen.geometry.first_byte] == b"\x55" * screen.geometry.first_byte
    assert len(data) == screen.geometry.first_byte + 320 * 1_440


def test_a_blanked_screen_is_dark_and_remembers_nothing(screen: FileScreen) -> None:
    async def story() -> None:
        async with screen.open() as surface:
            shown = Screen(surface)
            await shown.show(LINE)
            await shown.blank()
            assert black(screen.seen()) == screen.geometry.width * screen.geometry.height
            await shown.show((Rule(),))

    asyncio.run(story())
    after = screen.seen()
    assert after == show(screen, (Rule(),))


def test_the_kernel_s_answers_are_read_where_the_kernel_puts_them() -> None:
    variable = struct.pack("=7I", 800, 480, 800, 960, 0, 480, 16).ljust(160, b"\0")
    fixed = struct.pack("=16sQIIIIHHHxxI", b"simple", 0xFE000000, 1_536_000, 0, 0, 2, 1, 1, 0, 1_600).ljust(
        80, b"\0"
    )
    assert _geometry(variable, fixed) == Geometry(
        width=800, height=480, bits_per_pixel=16, line_bytes=1_600, first_byte=768_000
    )


def test_what_is_no_framebuffer_is_not_drawn_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for name in ("file", "absent"):
        with pytest.raises(PortNotOpened, match=name):
            open_framebuffer(tmp_path / name)
    assert (tmp_path / "file").read_bytes() == b"mine"
