"""Fonts that join Persian letters and order them right to left, or a refusal to start.

Pillow shapes Persian through Raqm, and Raqm needs the system's FriBiDi. Without it Pillow silently prints
letters unjoined and reversed, so every font is opened here, behind a check.

Rules: `<sys.prefix>/fribidi/**/libfribidi.so.0` is loaded first where it exists (placed there without root on
machines that lack the package). It must be in the process, with global symbols, before `PIL._imagingft` is
imported: Pillow then finds it by its soname. Pillow takes a sixth of a till's start and no scan needs it, so a till
calls `require_shaping` beside everything else, and no module that a till starts with imports Pillow at its top.

Source: Unicode UAX #9 (bidirectional algorithm); Pillow, "Text layout engine".
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


def _load_private_fribidi(folder: Path) -> None:
    for library in sorted(folder.glob(f"**/{SONAME}")):
        import ctypes  # noqa: PLC0415 -- most machines have the package

        try:
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue  # of another architecture: the check that follows decides
        return
