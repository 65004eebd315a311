"""Deterministic CBOR, the only encoding that is signed or hashed here.

Source: RFC 8949, 4.2.1 (core deterministic encoding). Allowed are integers of 64 bits, byte and text strings, arrays,
maps with integer keys -24..23 (one byte each) in ascending order of that byte, true, false and null. No floats, no tags.

A decoder that accepts two spellings of one value lets a signature cover either of them. So this one knows a single
spelling: it refuses long numbers, indefinite lengths, unsorted or repeated keys and bytes left over while it reads.
(Libraries accept all of these, and tags that make them compile patterns or parse mail before anything is verified.)

The `read_*` functions take the bytes and an offset and return the value and the next offset. A number that is not there,
or not in its shortest spelling, is -1. Slices may end early: whoever reads a whole thing calls `whole`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, TypeVar

from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEPTH_MAX = 12
INTEGER_MAX = 2**53 - 1
"""And the least, negated: what is read, for the numbers of every language hold it. Who writes has bounds of its own."""
UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
"""Major types: the upper three bits of a first byte."""
FALSE, TRUE, NULL = b"\xf4", b"\xf5", b"\xf6"
_SIMPLE_VALUES = {0xF4: False, 0xF5: True, 0xF6: None}
_unpack_u16 = struct.Struct(">H").unpack_from
unpack_u32 = struct.Struct(">I").unpack_from
_unpack_u64 = struct.Struct(">Q").unpack_from
_pack_u8 = struct.Struct(">BB").pack
_pack_u16 = struct.Struct(">BH").pack
pack_u32 = struct.Struct(">BI").pack
_pack_u64 = struct.Struct(">BQ").pack

_T = TypeVar("_T")


def head(major: int, number: int) -> bytes:
    """The first bytes of an item: its major type and its value, length or count in the shortest spelling."""
    first = major << 5
    if number < 24:
        return bytes((first | number,))
    if number < 1 << 8:
        return _pack_u8(first | 24, number)
    if number < 1 << 16:
        return _pack_u16(first | 25, number)
    if number < 1 << 32:
        return pack_u32(first | 26, number)
    if number < 1 << 64:
        return _pack_u64(first | 27, number)
    raise TypeError("an integer has more than 64 bits")


def uints(numbers: Iterable[int]) -> list[bytes]:
    """Each as an unsigned integer: `head` for many, without a call of it for each."""
    of_1, of_2, of_4, of_8 = OF_ONE_BYTE, _pack_u16, pack_u32, _pack_u64
    return [
        of_1[number]
        if number < 256
        else of_8(27, number)
        if number > 4294967295
        else of_4(26, number)
        if number > 65535
        else of_2(25, number)
        for number in numbers
    ]


def encode(value: Any) -> bytes:
    """Deterministic bytes of `value`, whose map keys already stand in order; else TypeError, a programmer's error."""
    parts: list[bytes] = []
    _write(value, parts, DEPTH_MAX)
    return b"".join(parts)


def decode(data: bytes, *, where: str, bytes_max: int) -> Any:
    """The value in `data`.

    Raises:
        Malformed: longer than `bytes_max`, not CBOR, or not the deterministic spelling.
    """
    return whole(read_value, data, where=where, bytes_max=bytes_max)


def whole(read: Callable[[bytes, int], tuple[_T, int]], data: bytes, *, where: str, bytes_max: int) -> _T:
    """What `read` finds at the start of `data`, when it ends where `data` ends. Raises: Malformed."""
    if len(data) > bytes_max:
        raise Malformed(where, f"{len(data)} bytes are more than the {bytes_max} allowed")
    try:
        value, at = read(data, 0)
    except Malformed as error:
        raise error.within(where) from None
    except (IndexError, struct.error):
        raise Malformed(where, "the bytes end too early") from None
    if at != len(data):
        raise Malformed(
            where, "the bytes end too early" if at > len(data) else f"{len(data) - at} bytes are left over"
        )
    return value


def read_number(data: bytes, at: int, low: int) -> tuple[int, int]:
    """The number of the item at `at`, whose first byte has the lower five bits `low`, or -1."""
    if low == 26:
        (number,), least, end = unpack_u32(data, at + 1), 1 << 16, at + 5
    elif low == 27:
        (number,), least, end = _unpack_u64(data, at + 1), 1 << 32, at + 9
    elif low == 25:
        (number,), least, end = _unpack_u16(data, at + 1), 1 << 8, at + 3
    elif low == 24:
        number, least, end = data[at + 1], 24, at + 2
    else:
        return (low if low < 24 else -1), at + 1
    return (number if number >= least else -1), end


def read_count(data: bytes, at: int, major: int) -> tuple[int, int]:
    """The value, length or count of an item of this major type, or -1."""
    first = data[at]
    return read_number(data, at, first & 31) if first >> 5 == major else (-1, at)


def read_sint(data: bytes, at: int) -> tuple[int | None, int]:
    """An integer of either sign, or None."""
    negative = data[at] >> 5 == NEGATIVE
    number, at = read_count(data, at, NEGATIVE if negative else UINT)
    if number < 0:
        return None, at
    return (-1 - number if negative else number), at


def read_text(data: bytes, at: int) -> tuple[str | None, int]:
    """A text, or None where there is none or it is not UTF-8."""
    size, at = read_count(data, at, TEXT)
    if size < 0:
        return None, at
    try:
        return str(data[at : at + size], "utf-8"), at + size
    except UnicodeDecodeError:
        return None, at


def read_value(data: bytes, at: int, depth_left: int = DEPTH_MAX) -> tuple[Any, int]:
    """Any allowed value. Raises: Malformed, IndexError and struct.error where the bytes end."""
    major = data[at] >> 5
    if major == SIMPLE and data[at] in _SIMPLE_VALUES:
        return _SIMPLE_VALUES[data[at]], at + 1
    if major in {TAG, SIMPLE}:
        raise Malformed("", f"byte {at} begins a tag, float or other value that is not allowed")
    if major in {ARRAY, MAP} and not depth_left:
        raise Malformed("", f"byte {at} is nested too deeply")
    number, end = read_count(data, at, major)
    if number < 0:
        raise Malformed("", f"byte {at} begins no number in its shortest spelling")
    if major == ARRAY:
        return _read_items(data, end, number, depth_left)
    if major == MAP:
        return _read_pairs(data, end, number, depth_left)
    return _read_flat(data, at, major, number, end)


def _read_flat(data: bytes, at: int, major: int, number: int, end: int) -> tuple[Any, int]:
    if major in {UINT, NEGATIVE}:
        value = number if major == UINT else -1 - number
        if abs(value) > INTEGER_MAX:
            raise Malformed("", f"byte {at} begins an integer that is too large")
        return value, end
    if major == BYTES:
        return data[end : end + number], end + number
    text, end = read_text(data, at)
    if text is None:
        raise Malformed("", f"byte {at} begins a text that is not UTF-8")
    return text, end


def _read_items(data: bytes, at: int, count: int, depth_left: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        value, at = read_value(data, at, depth_left - 1)
        items.append(value)
    return items, at


def _read_pairs(data: bytes, at: int, count: int, depth_left: int) -> tuple[dict[int, Any], int]:
    pairs: dict[int, Any] = {}
    before = -1
    for _ in range(count):
        key = data[at]
        if not (key < 24 or 0x20 <= key < 0x38):
            raise Malformed("", f"byte {at} is no map key from -24 to 23")
        if key <= before:
            raise Malformed("", f"byte {at} is a map key that does not ascend")
        before = key
        value, at = read_value(data, at + 1, depth_left - 1)
        pairs[key if key < 24 else 0x1F - key] = value
    return pairs, at


def _write(value: Any, parts: list[bytes], depth_left: int) -> None:
    kind = type(value)
    if kind is int:
        parts.append(head(UINT, value) if value >= 0 else head(NEGATIVE, -1 - value))
    elif kind is bytes:
        parts += (head(BYTES, len(value)), value)
    elif kind is str:
        encoded = value.encode()
        parts += (head(TEXT, len(encoded)), encoded)
    elif kind is bool or value is None:
        parts.append(NULL if value is None else TRUE if value else FALSE)
    elif not depth_left:
        raise TypeError("nested too deeply")
    elif kind is list or kind is tuple:
        parts.append(head(ARRAY, len(value)))
        for item in value:
            _write(item, parts, depth_left - 1)
    elif kind is dict:
        _write_pairs(value, parts, depth_left)
    else:
        raise TypeError(f"{kind.__name__} is not allowed")


def _write_pairs(pairs: dict[Any, Any], parts: list[bytes], depth_left: int) -> None:
    parts.append(head(MAP, len(pairs)))
    before = -1
    for key, value in pairs.items():
        if type(key) is not int or not -24 <= key <= 23:
            raise TypeError("a map key is not an integer from -24 to 23")
        order = key if key >= 0 else 0x1F - key
        if order <= before:
            raise TypeError("map keys do not ascend")
        before = order
        parts.append(bytes((order,)))
        _write(value, parts, depth_left - 1)


OF_ONE_BYTE = tuple(head(UINT, number) for number in range(1 << 8))
"""Unsigned integers of at most a byte, as they are written."""
