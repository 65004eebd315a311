"""What is handed to a printer: a slip, drawn from top to bottom, element by element.

Rules: elements are values. They say what is printed, never how many dots it takes. Text runs right to left;
codes inside it come isolated (LRI ... PDI) from whoever wrote the text. Each element is drawn and sent on its
own, so paper moves while the rest is still to be drawn.

Must not know: money, receipts, fonts, Pillow, ESC/POS.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Size(Enum):
    """Height of letters; `drivers.printer.raster` gives the dots."""

    SMALL = "small"
    NORMAL = "normal"
    LARGE = "large"


class Align(Enum):
    """Where a line of text stands. Right is where a Persian line begins."""

    RIGHT = "right"
    CENTER = "center"
    LEFT = "left"


class Text(Struct, frozen=True):
    """A paragraph, wrapped at spaces. A line feed in `text` begins a new line."""

    text: str
    size: Size = Size.NORMAL
    bold: bool = False
    align: Align = Align.RIGHT


class Pair(Struct, frozen=True):
    """A label at the right and its value at the left of the same line."""

    label: str
    value: str
    bold: bool = False
    size: Size = Size.NORMAL


class Rule(Struct, frozen=True):
    """A horizontal line over the whole width."""

    dashed: bool = False


class Gap(Struct, frozen=True):
    """Blank rows."""

    dots: int


class Qr(Struct, frozen=True):
    """A QR symbol, centered, with its quiet zone. Best in alphanumeric text (base45)."""

    text: str


class Bars(Struct, frozen=True):
    """A one-dimensional bar code, centered, with its quiet zones, and what it says below it.

    `widths` are bar, space, bar, ... in modules, as `sync.wire.code128.widths` gives them.
    """

    widths: tuple[int, ...]
    caption: str = ""


Element = Text | Pair | Rule | Gap | Qr | Bars
Slip = tuple[Element, ...]
