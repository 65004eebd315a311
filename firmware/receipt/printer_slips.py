"""Pages that ask which printer this is: each is printed at one port and speed, and who can read one presses its number.

Rules: a page is short, for it comes out as garbage at all other speeds; its number is large, and stands in plain dots, not
in a text that a printer might read another way.

Must not know: ports, speeds.
"""

from __future__ import annotations

from typing import Final

from drivers.printer.profiles import NARROW, WIDE
from drivers.printer.slip import Align, Gap, Size, Slip, Text
from firmware.receipt import persian

PAGE_GAP_DOTS = 24
_GENERIC: Final = {NARROW: "چاپگر ۵۸ میلی‌متری", WIDE: "چاپگر ۸۰ میلی‌متری"}


def search_page(number: int, *, keys: str) -> Slip:
    """Page `number`; `keys` are those to press when it can be read."""
    return (
        Text(persian.digits(number), size=Size.LARGE, bold=True, align=Align.CENTER),
        Text(f"اگر این را می‌خوانید بزنید: {persian.isolate(keys)}"),
        Gap(PAGE_GAP_DOTS),
    )


def width_page(*, narrow_keys: str, wide_keys: str) -> Slip:
    """Asks how wide the paper is, once it can be read."""
    return (
        Text("کاغذ چند میلی‌متر است؟", bold=True),
        Text(f"۵۸ میلی‌متر: {persian.isolate(narrow_keys)}"),
        Text(f"۸۰ میلی‌متر: {persian.isolate(wide_keys)}"),
        Gap(PAGE_GAP_DOTS),
    )


def printer_found(*, profile: str, title: str) -> Slip:
    """The printer is known from now on: by the paper's width where its profile is generic, else by its models."""
    return (
        Text("چاپگر شناخته شد.", bold=True),
        Text(_GENERIC.get(profile) or persian.isolate(title), size=Size.SMALL),
        Gap(PAGE_GAP_DOTS),
    )
