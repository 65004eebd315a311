"""Columns of integers, and how they are pressed: what a batch is made of (FORMAT.md, section 11).

A column of n numbers is a byte, scale * 8 + width, and n numbers of `width` bytes, lowest byte first; each stands for itself
times 10 to the power of `scale`. Signed numbers are folded: 0, -1, 1, -2 ... are 0, 1, 2, 3. The width is the least that holds
all, the scale the greatest that divides all (a column of zeros has neither), so that numbers have a single spelling.

Pressed is one raw LZMA stream (LZMA1 of liblzma, end marker, parameters below). Of Brotli, Zstandard, Deflate and LZMA, each
at its most, LZMA came out smallest on a hundred purchases (1190, 1288, 1335, 1172 bytes), and Python brings it along.
"""

from __future__ import annotations

import lzma
from math import gcd
from struct import unpack
from typing import TYPE_CHECKING

from sync.wire.errors import Malformed
from sync.wire.shapes import UINT_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH_MAX = 7
SCALE_MAX = 9
DICTIONARY_BYTES = 1 << 16
_MOST = tuple((1 << 8 * width) - 1 for width in range(WIDTH_MAX + 1))
_FACTORS = tuple(10**scale for scale in range(SCALE_MAX + 1))
_FILTERS = (
    {
        "id": lzma.FILTER_LZMA1, "dict_size": DICTIONARY_BYTES, "lc": 0, "lp": 0, "pb": 0, "mode": lzma.MODE_NORMAL,
        "nice_len": 273, "mf": lzma.MF_BT4, "depth": 512,
    },
)  # fmt: skip


def pressed(data: bytes) -> bytes:
    """`data` as one LZMA stream."""
    return lzma.compress(data, lzma.FORMAT_RAW, filters=_FILTERS)


def unpressed(data: bytes, *, bytes_max: int, where: str) -> bytes:
    """What was pressed. Raises: Malformed, before more than `bytes_max` came of it."""
    try:
        reader = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
        made = reader.decompress(data, bytes_max + 1)
    except lzma.LZMAError:
        raise Malformed(where, "no LZMA stream") from None
    if len(made) > bytes_max:
        raise Malformed(where, f"more than the {bytes_max} bytes allowed")
    if not reader.eof or reader.unused_data:
        raise Malformed(where, "truncated, or with bytes left over")
    return made


def column(values: Sequence[int]) -> bytes:
    """The bytes of a column of numbers from 0 to UINT_MAX."""
    largest, scale = max(values, default=0), 0
    while largest and scale < SCALE_MAX and not any(value % 10 for value in values):
        values = [value // 10 for value in values]
        largest, scale = largest // 10, scale + 1
    width = (largest.bit_length() + 7) // 8
    return bytes((scale * 8 + width,)) + b"".join(value.to_bytes(width, "little") for value in values)


def folded(values: Sequence[int]) -> list[int]:
    """Signed numbers as a column has them."""
    return [value * 2 if value >= 0 else -value * 2 - 1 for value in values]


class ColumnReader:
    """Takes columns off `data`, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def rest(self) -> bytes:
        """What stands behind the columns."""
        return self._data[self._at :]

    def take(self, name: str, count: int, most: int = UINT_MAX) -> list[int]:
        """A column of `count` numbers from 0 to `most`. Raises: Malformed."""
        values, factor = self._taken(name, count, most)
        return values if factor < 2 else [value * factor for value in values]

    def take_signed(self, name: str, count: int) -> list[int]:
        """The same of folded numbers."""
        values, factor = self._taken(name, count, UINT_MAX)
        if factor == 0:
            return values
        if factor == 1:
            return [value >> 1 ^ -(value & 1) for value in values]
        half = factor // 2  # multiples of ten are even, and even is what is not negative
        return [value * half for value in values]

    def _taken(self, name: str, count: int, most: int) -> tuple[list[int], int]:
        """The numbers of a column, and what each is to be multiplied by; 0 where all are zeros."""
        data, start = self._data, self._at + 1
        form = data[start - 1] if start <= len(data) else 0
        scale, width = form >> 3, form & 7
        end = self._at = start + width * count
        if end > len(data) or start > len(data):
            raise Malformed(f".{name}", "the bytes end too early")
        if not width:
            if scale or (count and most < 0):
                raise Malformed(f".{name}", "zeros with a scale" if scale else "refers to nothing")
            return [0] * count, 0
        values = list(data[start:end]) if width == 1 else _numbers(data, start, end, width)
        if scale > SCALE_MAX or not any(data[start + width - 1 : end : width]):
            raise Malformed(f".{name}", "wider than its numbers")
        if scale < SCALE_MAX and values[0] % 10 == 0 and gcd(*values) % 10 == 0:
            raise Malformed(f".{name}", "all are multiples of ten")
        factor = _FACTORS[scale]
        # Most columns need not be looked through: no number of their width is too large.
        if _MOST[width] * factor > most and max(values) * factor > most:
            raise Malformed(f".{name}", f"not integers from 0 to {most}")
        return values, factor


def _numbers(data: bytes, start: int, end: int, width: int) -> list[int]:
    """Every number's lowest bytes are laid at once into room for eight, then those above them: none is turned by itself."""
    count = (end - start) // width
    spread = bytearray(8 * count)
    for place in range(width):
        spread[place::8] = data[start + place : end : width]
    return list(unpack(f"<{count}Q", spread))
