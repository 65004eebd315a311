"""What of a slip a printer is told: lines of letters and symbols of its own where it has them, else dots.

Rules: lazy, as `drivers.printer.raster`: an element is taken from the slip only when the parts before it have been
taken. What one way cannot show goes the other way; paper always says the same.

Must not know: bytes of commands, ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.printer import escpos, raster
from drivers.printer.profiles import TextMode
from drivers.printer.slip import Gap, Pair, Qr, Rule, Text
from drivers.printer.strip import QrSymbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.slip import Element
    from drivers.printer.strip import Part


def render(slip: Iterable[Element], profile: PrinterProfile) -> Iterator[Part]:
    """The parts of `slip` from top to bottom, for a printer of this profile.

    Raises: QrTooLarge, BarsTooWide, and ShapingMissing where the start-up check was left out.
    """
    for element in slip:
        yield from _parts(element, profile)


def _parts(element: Element, profile: PrinterProfile) -> Iterator[Part]:
    if isinstance(element, Text | Pair | Rule) and profile.text_mode is not TextMode.NONE:
        from drivers.printer import text_mode  # noqa: PLC0415 -- few printers have one, and a till starts in haste

        lines = text_mode.set_element(element, profile.width_dots)
        if lines is not None:
            yield from lines
            return
    if isinstance(element, Qr) and _draws_itself(element, profile):
        yield from _symbol(element, profile)
        return
    yield from raster.render([element], profile.width_dots)


def _draws_itself(qr: Qr, profile: PrinterProfile) -> bool:
    short = len(qr.text) <= escpos.qr_text_characters_max(profile)
    return profile.has_native_qr and qr.text.isascii() and short


def _symbol(qr: Qr, profile: PrinterProfile) -> Iterator[Part]:
    level, module_dots, _ = raster.qr_that_fits(qr.text, profile.width_dots, only_size=True)
    quiet = Gap(raster.QUIET_ZONE_MODULES * module_dots)
    yield from raster.render([quiet], profile.width_dots)
    yield QrSymbol(text=qr.text, level=level, module_dots=module_dots)
    yield from raster.render([quiet], profile.width_dots)
