"""Pictures of paper as a phone takes them: turned, seen from a side, unevenly lit, blurred, noisy. The same from the same seed.

Each step is a picture's transformation and knows nothing of what stands on the paper.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

_INK, _PAPER = 55, 225
_MARGIN: Final = 1.15
Point = tuple[float, float]


def photograph(
    paper: Image.Image,
    seed: str,
    *,
    size: tuple[int, int],
    tilt_degrees: float,
    skew: float,
    blur_pixels: float,
    noise: int,
) -> Image.Image:
    """`paper` on a desk. `skew` moves each corner by up to this share of the paper's width; `noise` is in gray levels."""
    chance = random.Random(seed)
    corners = _corners(paper.size, size, chance, tilt_degrees, skew)
    # Larger first: a photograph sees ink, not the dots of a file.
    fine = (
        paper.convert("L")
        .resize((paper.width * 3, paper.height * 3))
        .point(lambda level: _INK + level * (_PAPER - _INK) // 255)
    )
    plan = _coefficients(corners, [(0, 0), (fine.width, 0), (fine.width, fine.height), (0, fine.height)])
    seen = fine.transform(size, Image.Transform.PERSPECTIVE, plan, Image.Resampling.BICUBIC)
    where = Image.new("L", fine.size, 255).transform(
        size, Image.Transform.PERSPECTIVE, plan, Image.Resampling.BILINEAR
    )
    lit = ImageChops.multiply(
        Image.composite(seen, Image.new("L", size, chance.randint(60, 140)), where), _light(size, chance)
    )
    grain = Image.frombytes("L", size, chance.randbytes(size[0] * size[1])).point(
        lambda level: 128 + (level - 128) * noise // 128
    )
    return ImageChops.add(lit.filter(ImageFilter.GaussianBlur(blur_pixels)), grain, 1, -128).convert("RGB")


def _corners(
    paper: tuple[int, int], size: tuple[int, int], chance: random.Random, tilt_degrees: float, skew: float
) -> list[Point]:
    width, height = paper
    tilt = math.radians(tilt_degrees)
    reach = abs(math.cos(tilt)), abs(math.sin(tilt))
    scale = min(
        size[0] / (width * reach[0] + height * reach[1]), size[1] / (width * reach[1] + height * reach[0])
    ) / (_MARGIN + 2 * skew)
    moved = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        across, down = x * width * scale / 2, y * height * scale / 2
        slip = [chance.uniform(-skew, skew) * width * scale for _ in range(2)]
        moved.append(
            (
                across * math.cos(tilt) - down * math.sin(tilt) + size[0] / 2 + slip[0],
                across * math.sin(tilt) + down * math.cos(tilt) + size[1] / 2 + slip[1],
            )
        )
    return moved


def _light(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Bright on one side, half as bright on the other."""
    turned = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270)))
    return turned.resize(size).point(lambda level: 255 - level // 2)


def _coefficients(seen: Sequence[Point], flat: Sequence[Point]) -> list[float]:
    """Of the projection from the picture to the paper: eight equations, by elimination."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    for at in range(8):
        best = max(range(at, 8), key=[abs(row[at]) for row in rows].__getitem__)
        rows[at], rows[best] = rows[best], rows[at]
        for other in range(8):
            if other != at:
                share = rows[other][at] / rows[at][at]
                rows[other] = [a - share * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [rows[at][8] / rows[at][at] for at in range(8)]
