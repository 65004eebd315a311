"""A screen for Persian prompts: shows what the paper says, on the kernel's framebuffer.

Rules:
- Like paper: what is new comes at the bottom, what is old moves up and out. Nothing is shown that is not handed over, and
  what is handed over is what is printed, so no PIN ever is. QR symbols and barcodes stay on paper, where rows are cheap.
- Black on white, whatever the order of colors: all bits set is white in each true-color format of 16, 24 or 32 bits.
- A dot of paper is a square of whole pixels, so letters are at least as large as on 58 mm paper.
- Drawn and written in bands; between two bands others run.

Source: Linux `fb.h`: FBIOGET_VSCREENINFO, FBIOGET_FSCREENINFO; Documentation/fb/api.rst. Edge: no OSError leaves.

Must not know: what the texts mean.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
from typing import TYPE_CHECKING, Protocol, Self

from msgspec import Struct
from PIL import Image

from drivers.errors import DeviceGone, PortNotOpened
from drivers.printer.raster import render
from drivers.printer.slip import Gap, Pair, Rule, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from drivers.printer.slip import Slip

FBIOGET_VSCREENINFO = 0x4600
FBIOGET_FSCREENINFO = 0x4602
_VARIABLE = struct.Struct("@7I")
"""Width, height, virtual width and height, offsets in pixels, bits a pixel."""
_FIXED = struct.Struct("@16sL4I3HI")
"""Name, address, its length, type, auxiliary, visual, 3 steps of panning, bytes a line."""
_ANSWER_BYTES = 256
BITS_PER_PIXEL = (16, 24, 32)
WIDTH_DOTS = 384
"""About so many dots of paper lie side by side: 58 mm paper's."""
BAND_ROWS = 32
MARGIN_DOTS = 8


class Geometry(Struct, frozen=True, kw_only=True):
    """How pixels lie in a framebuffer. `first_byte` is where the visible part begins."""

    width: int
    height: int
    bits_per_pixel: int
    line_bytes: int
    first_byte: int = 0

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel."""
        return self.bits_per_pixel // 8

    @property
    def scale(self) -> int:
        """Pixels along one side of a dot."""
        return max(1, self.width // WIDTH_DOTS)

    @property
    def width_dots(self) -> int:
        """Dots in a row of text: whole bytes, with a margin at either side."""
        return (self.width // self.scale - 2 * MARGIN_DOTS) // 8 * 8

    @property
    def height_dots(self) -> int:
        """Rows of dots."""
        return self.height // self.scale


class Surface(Protocol):
    """Where pixels go."""

    geometry: Geometry

    def write(self, pixels: bytes, *, first_line: int) -> None:
        """Put whole lines. Raises: DeviceGone."""


class Framebuffer:
    """The kernel's framebuffer. Owns its descriptor; leaving `async with` closes it."""

    def __init__(self, fd: int, geometry: Geometry, *, name: str) -> None:
        self.geometry = geometry
        self._fd = fd
        self._name = name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def write(self, pixels: bytes, *, first_line: int) -> None:
        """Put whole lines. Raises: DeviceGone."""
        view = memoryview(pixels)
        offset = self.geometry.first_byte + first_line * self.geometry.line_bytes
        try:
            while view:
                written = os.pwrite(self._fd, view, offset)
                view, offset = view[written:], offset + written
        except OSError as error:
            raise DeviceGone(f"{self._name}: {error.strerror}") from error


def open_framebuffer(path: Path) -> Framebuffer:
    """Open a screen. Raises: PortNotOpened, also for one with a palette."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise PortNotOpened(f"{path}: {error.strerror}") from error
    try:
        geometry = _geometry(
            fcntl.ioctl(fd, FBIOGET_VSCREENINFO, bytes(_ANSWER_BYTES)),
            fcntl.ioctl(fd, FBIOGET_FSCREENINFO, bytes(_ANSWER_BYTES)),
        )
    except OSError as error:
        os.close(fd)
        raise PortNotOpened(f"{path}: no framebuffer ({error.strerror})") from error
    if geometry.bits_per_pixel not in BITS_PER_PIXEL:
        os.close(fd)
        raise PortNotOpened(f"{path}: {geometry.bits_per_pixel} bits a pixel")
    return Framebuffer(fd, geometry, name=str(path))


def _geometry(variable: bytes, fixed: bytes) -> Geometry:
    width, height, _, _, left, top, bits = _VARIABLE.unpack_from(variable)
    line_bytes = _FIXED.unpack_from(fixed)[-1]
    return Geometry(
        width=width, height=height, bits_per_pixel=bits, line_bytes=line_bytes,
        first_byte=top * line_bytes + left * bits // 8,
    )  # fmt: skip


class Screen:
    """Shows slips on a surface that its opener closes. One task shows."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._row_bytes = surface.geometry.width_dots // 8
        self._rows = b""

    async def show(self, slip: Slip) -> None:
        """Add `slip` at the bottom. Raises: DeviceGone."""
        geometry = self._surface.geometry
        kept = tuple(element for element in slip if isinstance(element, Text | Pair | Rule | Gap))
        for strip in render(kept, geometry.width_dots):
            self._rows = (self._rows + strip.data)[-geometry.height_dots * self._row_bytes :]
            await asyncio.sleep(0)
        await self._draw()

    def begin(self) -> None:
        """Let the next slip stand alone; what is seen stays until then."""
        self._rows = b""

    async def blank(self) -> None:
        """Forget what was shown, and be dark. Raises: DeviceGone."""
        self.begin()
        geometry = self._surface.geometry
        for first in range(0, geometry.height, BAND_ROWS):
            lines = min(BAND_ROWS, geometry.height - first)
            self._surface.write(bytes(lines * geometry.line_bytes), first_line=first)
            await asyncio.sleep(0)

    async def _draw(self) -> None:
        geometry = self._surface.geometry
        line = 0
        for band in self._bands():
            pixels = _pixels(band, geometry)
            self._surface.write(pixels, first_line=line)
            line += len(pixels) // geometry.line_bytes
            await asyncio.sleep(0)
        rest = geometry.height - line  # less than a dot
        self._surface.write(b"\xff" * (rest * geometry.line_bytes), first_line=line)

    def _bands(self) -> Iterator[bytes]:
        """All rows from the top to the bottom; where nothing has come yet they are blank."""
        rows = self._rows.rjust(self._surface.geometry.height_dots * self._row_bytes, b"\0")
        for start in range(0, len(rows), BAND_ROWS * self._row_bytes):
            yield rows[start : start + BAND_ROWS * self._row_bytes]


def _pixels(band: bytes, geometry: Geometry) -> bytes:
    """Whole lines. A picture of bytes, as wide as a line of memory, in which a dot is as many equal bytes as its pixels have."""
    dots, scale, pixel_bytes = geometry.width_dots, geometry.scale, geometry.pixel_bytes
    rows = len(band) // (dots // 8)
    drawn = Image.frombytes("1", (dots, rows), band, "raw", "1;I").convert("L")
    left = (geometry.width - dots * scale) // 2
    picture = Image.new("L", (geometry.line_bytes, rows * scale), 0xFF)
    picture.paste(
        drawn.resize((dots * scale * pixel_bytes, rows * scale), Image.Resampling.NEAREST),
        (left * pixel_bytes, 0),
    )
    return picture.tobytes()
