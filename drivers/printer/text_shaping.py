"""Fonts that join Persian letters and order them right to left, or a refusal to start.

Pillow shapes Persian through Raqm, and Raqm needs the system's FriBiDi. Without it Pillow silently prints
letters unjoined and reversed, so every font is opened here, behind a check.

Rules: `<sys.prefix>/fribidi/**/libfribidi.so.0` is loaded first where it exists (placed there without root on
machines that lack the package). It must be in the process, with global symbols, before `PIL._imagingft` is
imported: Pillow then finds it by its soname. Pillow takes a sixth of a till's start and no scan needs it, so a till
calls `require_shaping` beside everything else, and no module that a till starts with imports Pillow at its top.
Letters for printers that set them one by one are joined and ordered by FriBiDi alone.

Source: Unicode UAX #9 (bidirectional algorithm); Pillow, "Text layout engine"; FriBiDi,
`fribidi_log2vis`.
Must not know: slips, printers.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import DriverError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FONTS = Path(__file__).parent.parent / "fonts"
SONAME = "libfribidi.so.0"


class ShapingMissing(DriverError):
    """Persian cannot be shaped on this machine; the text says what to install."""

    def __init__(self) -> None:
        super().__init__(
            f"Pillow cannot shape Persian: Raqm or {SONAME} is missing. Install Debian's package libfribidi0, "
            f"or unpack it below {private_library_folder()}. Without it receipts come out reversed and unjoined."
        )


def private_library_folder() -> Path:
    """Where a FriBiDi of our own may lie, unpacked without root."""
    return Path(sys.prefix) / "fribidi"


@cache
def require_shaping() -> None:
    """Load what draws and make sure that it shapes Persian. Call it before anything is printed; later calls cost nothing.

    Raises: ShapingMissing.
    """
    _load_private_fribidi(private_library_folder())
    from PIL import ImageDraw, features  # noqa: F401, PLC0415 -- must follow the load above

    if not features.check("raqm"):
        raise ShapingMissing


def open_font(file_name: str, size_dots: int) -> FreeTypeFont:
    """A shaping font of this package.

    Raises: ShapingMissing.
    """
    require_shaping()
    from PIL import ImageFont  # noqa: PLC0415 -- must follow the load above

    return ImageFont.truetype(str(FONTS / file_name), size_dots, layout_engine=ImageFont.Layout.RAQM)


def visual(line: str) -> str:
    """The letters of a right-to-left line in the forms in which they join, in their order on paper from the left.

    What only steers order and joining (isolates, joiners) is gone. For whoever sets letters one by one; Pillow does
    it by itself.
    """
    require_shaping()
    import ctypes  # noqa: PLC0415 -- few printers need it

    count = len(line)
    logical, ordered = (ctypes.c_uint32 * count)(*map(ord, line)), (ctypes.c_uint32 * (count + 1))()
    direction = ctypes.c_uint32(_RIGHT_TO_LEFT)
    done = ctypes.CDLL(SONAME).fribidi_log2vis(
        logical, count, ctypes.byref(direction), ordered, None, None, None
    )
    assert done, "a line fits into memory"
    return "".join(map(chr, ordered[:count])).translate(_STEERING)


_RIGHT_TO_LEFT = 0x111
"""FRIBIDI_PAR_RTL."""
_STEERING = dict.fromkeys(
    (0x200B, 0x200C, 0x200D, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
)


def _load_private_fribidi(folder: Path) -> None:
    for library in sorted(folder.glob(f"**/{SONAME}")):
        import ctypes  # noqa: PLC0415 -- most machines have the package

        try:
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue  # of another architecture: the check that follows decides
        return
