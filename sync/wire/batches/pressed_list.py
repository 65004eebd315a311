"""A list that travels pressed: a byte string that is one LZMA stream (as a batch's columns are) over the list's own bytes.

An empty list is an empty byte string, and nothing else is. A till is not to load a compressor before it talks to the center.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.wire import cbor
from sync.wire.compiled import Many, Shape, named
from sync.wire.errors import Malformed
from sync.wire.shapes import within

if TYPE_CHECKING:
    from collections.abc import Sequence


class PressedMany:
    """Reads and writes tuples of at most `most` values of one shape, `bytes_max` bytes in all."""

    def __init__(self, shape: Shape, most: int, bytes_max: int) -> None:
        self._many, self._bytes_max = Many(shape, most), bytes_max

    def read(self, data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        """The list at an offset. Raises: Malformed."""
        from sync.wire.batches.columns import unpressed  # noqa: PLC0415 -- see the module

        size, start = cbor.read_count(data, at, cbor.BYTES)
        if size < 0:
            raise Malformed("", "not a byte string")
        end = start + size
        if not size:
            return (), end
        plain = unpressed(data[start:end], bytes_max=self._bytes_max, where="")
        values: tuple[Any, ...] = cbor.whole(self._many.read, plain, where="", bytes_max=self._bytes_max)
        if not values:
            raise Malformed("", "an empty list that is pressed")
        return values, end

    def write(self, values: Sequence[Any]) -> bytes:
        """Its bytes."""
        from sync.wire.batches.columns import pressed  # noqa: PLC0415 -- see the module

        plain: bytes = self._many.write(values)
        data = pressed(plain) if values else b""
        return cbor.head(cbor.BYTES, len(data)) + data


def pressed_list_of(shape: Shape, most: int, *, bytes_max: int) -> Shape:
    """A tuple of at most `most` values of one shape, `bytes_max` bytes in all before they are pressed."""
    many = named(PressedMany(shape, most, bytes_max))
    return Shape(read=within(f"{many}.read(data, at)"), fits="True", write=f"{many}.write(v)", why="")
