"""Household cards, drawn to cut out: ten on an A4 page at 200 dots an inch.

A card shows its number and bears a QR with the secret and a Code 128 with the number; the PIN never stands on it, but
goes its own way. Loaded by the one order that draws, for no other needs what draws.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import segno
from PIL import Image, ImageDraw, ImageFont

from sync.central.errors import StoreFailed
from sync.wire.code128 import modules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sync.central.credit.cards import CardData

PAGE_DOTS = (1654, 2339)
CARD_DOTS = (674, 425)
"""ID-1 (ISO/IEC 7810): 85.6 x 54 mm."""
COLUMNS, ROWS = 2, 5
QR_DOTS_A_MODULE = 6
BAR_DOTS = 2
BAR_HEIGHT_DOTS = 70
INK, PAPER, CUT, GREEN = 0, 255, 170, 90


def drawings(cards: Sequence[CardData], folder: Path) -> list[Callable[[], Path]]:
    """What draws the pages into `folder`, one after the other, for worker processes."""
    a_page = COLUMNS * ROWS
    return [
        partial(_draw_page, tuple(cards[at : at + a_page]), folder / f"cards-{at // a_page + 1:03d}.png")
        for at in range(0, len(cards), a_page)
    ]


def _draw_page(cards: Sequence[CardData], path: Path) -> Path:
    """Raises: StoreFailed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        page(cards).save(path, optimize=False, dpi=(200, 200))
    except OSError as error:
        raise StoreFailed(f"{path.parent}: {error.strerror}") from None
    return path


def page(cards: Sequence[CardData]) -> Image.Image:
    """Up to ten cards with cutting lines."""
    image = Image.new("L", PAGE_DOTS, PAPER)
    left = (PAGE_DOTS[0] - COLUMNS * CARD_DOTS[0]) // 2
    top = (PAGE_DOTS[1] - ROWS * CARD_DOTS[1]) // 2
    for index, data in enumerate(cards):
        row, column = divmod(index, COLUMNS)
        image.paste(draw(data), (left + column * CARD_DOTS[0], top + row * CARD_DOTS[1]))
    return image


def draw(data: CardData) -> Image.Image:
    """One card: QR at the right, number and bars at the left."""
    image = Image.new("L", CARD_DOTS, PAPER)
    brush = ImageDraw.Draw(image)
    brush.rectangle((0, 0, CARD_DOTS[0] - 1, CARD_DOTS[1] - 1), outline=CUT)
    brush.rectangle((20, 24, CARD_DOTS[0] - 20, 64), fill=GREEN)
    brush.text((34, 44), "SOFREH", fill=PAPER, font=_font(30), anchor="lm")
    _draw_qr(image, data.qr)
    number = f"{data.number:08d}"
    brush.text((30, 130), f"{number[:4]} {number[4:]}", fill=INK, font=_font(46), anchor="lm")
    brush.text((30, 190), "021-6369", fill=INK, font=_font(24), anchor="lm")
    bars = modules(data.code128)
    for index, bar in enumerate(bars):
        if bar:
            x, y = 16 + index * BAR_DOTS, 290
            brush.rectangle((x, y, x + BAR_DOTS - 1, y + BAR_HEIGHT_DOTS), fill=INK)
    middle = 16 + len(bars) * BAR_DOTS // 2
    brush.text((middle, 290 + BAR_HEIGHT_DOTS + 20), data.code128, fill=INK, font=_font(22), anchor="mm")
    return image


def _draw_qr(image: Image.Image, text: str) -> None:
    matrix = segno.make_qr(text, error="m", boost_error=False).matrix
    brush = ImageDraw.Draw(image)
    side = len(matrix) * QR_DOTS_A_MODULE
    left, top = CARD_DOTS[0] - side - 4 * QR_DOTS_A_MODULE, 64 + (CARD_DOTS[1] - 64 - side) // 2
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                at = (left + x * QR_DOTS_A_MODULE, top + y * QR_DOTS_A_MODULE)
                brush.rectangle((*at, at[0] + QR_DOTS_A_MODULE - 1, at[1] + QR_DOTS_A_MODULE - 1), fill=INK)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
