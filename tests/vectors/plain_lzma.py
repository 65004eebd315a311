"""LZMA that only spells out: the same bytes whichever library is at hand, for vectors that are kept.

Source: LZMA specification (Igor Pavlov, 2015), with lc = lp = pb = 0: a literal is a bit 0 and its eight bits through one tree of
odds; the end marker is a match of length 2 at the greatest distance.
"""

from __future__ import annotations

_ODDS_BITS = 11
_EVEN = 1 << _ODDS_BITS - 1
_MOVES = 5
_TOP = 1 << 24


class _RangeEncoder:
    """The range coder: bits that adapt, bits that do not, and the end."""

    def __init__(self) -> None:
        self._low, self._range = 0, 0xFFFFFFFF
        self._cache, self._pending = 0, 1
        self._out = bytearray()
        self._odds: dict[tuple[str, int], int] = {}

    def tree(self, name: str, value: int, bits: int, *, lowest_first: bool = False) -> None:
        """A number through a tree of odds."""
        place = 1
        for at in range(bits):
            bit = value >> (at if lowest_first else bits - 1 - at) & 1
            self._bit((name, place), bit)
            place = place * 2 + bit

    def even_bit(self, bit: int) -> None:
        """A bit whose odds stay even."""
        self._range >>= 1
        self._low += self._range * bit
        self._normalize()

    def end(self) -> bytes:
        """All that was written."""
        for _ in range(5):
            self._shift()
        return bytes(self._out)

    def _bit(self, place: tuple[str, int], bit: int) -> None:
        odds = self._odds.get(place, _EVEN)
        bound = (self._range >> _ODDS_BITS) * odds
        if bit:
            self._low += bound
            self._range -= bound
            self._odds[place] = odds - (odds >> _MOVES)
        else:
            self._range = bound
            self._odds[place] = odds + ((1 << _ODDS_BITS) - odds >> _MOVES)
        self._normalize()

    def _normalize(self) -> None:
        while self._range < _TOP:
            self._range <<= 8
            self._shift()

    def _shift(self) -> None:
        if self._low < 0xFF000000 or self._low > 0xFFFFFFFF:
            carry = self._low >> 32
            self._out.append(self._cache + carry & 255)
            self._out += bytes((255 + carry & 255,)) * (self._pending - 1)
            self._cache, self._pending = self._low >> 24 & 255, 0
        self._pending += 1
        self._low = self._low << 8 & 0xFFFFFFFF


def plain_lzma(data: bytes) -> bytes:
    """`data` as a raw LZMA stream of literals, with its end marker."""
    coder = _RangeEncoder()
    for byte in data:
        coder.tree("match", 0, 1)
        coder.tree("literal", byte, 8)
    coder.tree("match", 1, 1)
    coder.tree("repeat", 0, 1)
    coder.tree("long", 0, 1)
    coder.tree("length", 0, 3)
    coder.tree("slot", 63, 6)
    for _ in range(26):
        coder.even_bit(1)
    coder.tree("align", 15, 4, lowest_first=True)
    return coder.end()
