"""The shapes of fields: which values a record accepts, with their bounds, as code for `sync.wire.compiled`."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sync.wire import cbor
from sync.wire.compiled import Many, Shape, named
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import IntEnum

    from sync.wire.record import Record

UINT_MAX = 2**53 - 1
"""No integer exceeds what a JavaScript verifier can hold exactly."""
LIST_ITEMS_MAX = 20_000

# Most numbers are small or amounts of four bytes: those are spared a call, and a comparison that cannot fail.
_READ_UINT = """v = data[at]
if v < 24:
    at += 1
    SMALL
elif v == 26:
    (v,) = unpack_u32(data, at + 1)
    if not 65536 <= v <= MOST: wrong()
    at += 5
else:
    v, at = read_number(data, at, v)
    if not 0 <= v <= MOST: wrong()
"""
_WRITE_UINT = "SHORT[v] if v < 24 else pack_u32(26, v) if 65535 < v < 4294967296 else head(0, v)"


def uint(most: int = UINT_MAX) -> Shape:
    """An integer from 0 to `most`."""
    return Shape(
        read=_read_uint(most),
        fits=f"type(v) is int and 0 <= v <= {most}",
        write=_WRITE_UINT,
        why=f"not an integer from 0 to {most}",
    )


def sint(most: int = UINT_MAX) -> Shape:
    """An integer from -`most` to `most`."""
    return Shape(
        read=f"v, at = read_sint(data, at)\nif v is None or not -{most} <= v <= {most}: wrong()",
        fits=f"type(v) is int and -{most} <= v <= {most}",
        write="head(0, v) if v >= 0 else head(1, -1 - v)",
        why=f"not an integer from -{most} to {most}",
    )


def flag() -> Shape:
    """True or false."""
    return Shape(
        read="v = data[at]\nif v != 0xf4 and v != 0xf5: wrong()\nv = v == 0xf5\nat += 1",
        fits="type(v) is bool",
        write="b'\\xf5' if v else b'\\xf4'",
        why="not true or false",
    )


def octets(size: int | None = None, *, most: int = 1 << 16) -> Shape:
    """A byte string of exactly `size` bytes, or of at most `most`."""
    if size is None:
        return Shape(
            read=f"v, at = read_count(data, at, 2)\nif not 0 <= v <= {most}: wrong()\nat += v\nv = data[at - v:at]",
            fits=f"type(v) is bytes and len(v) <= {most}",
            write="head(2, len(v)) + v",
            why=f"not a byte string of at most {most}",
        )
    start = cbor.head(cbor.BYTES, size)
    return Shape(
        read=f"if data[at:at + {len(start)}] != {start!r}: wrong()\n"
        f"at += {len(start) + size}\nv = data[at - {size}:at]",
        fits=f"type(v) is bytes and len(v) == {size}",
        write=f"{start!r} + v",
        why=f"not a byte string of {size}",
    )


def text(most: int = 200) -> Shape:
    """A text of at most `most` characters."""
    return Shape(
        read=f"v, at = read_text(data, at)\nif v is None or len(v) > {most}: wrong()",
        fits=f"type(v) is str and len(v) <= {most}",
        write=f"{named(_text_bytes)}(v)",
        why=f"not a text of at most {most} characters",
    )


def digits(most: int) -> Shape:
    """A text of one to `most` ASCII digits."""
    shape = text(most)
    only = "v.isascii() and v.isdigit()"
    return replace(
        shape,
        read=f"{shape.read}\nif not ({only}): wrong()",
        fits=f"{shape.fits} and {only}",
        why=f"not a text of one to {most} digits",
    )


def one_of(kind: type[IntEnum]) -> Shape:
    """A number of the enum `kind`."""
    members = named({int(member): member for member in kind})
    return Shape(
        read=f"{_read_uint(max(kind))}v = {members}.get(v)\nif v is None: wrong()",
        fits=f"isinstance(v, int) and v in {members}",
        write=_WRITE_UINT,
        why=f"not a {kind.__name__}",
    )


def nested(kind: type[Record]) -> Shape:
    """Another record."""
    return Shape(
        read=within(f"{named(kind)}.read(data, at)"),
        fits=f"type(v) is {named(kind)}",
        write=f"{named(kind)}.write(v)",
        why=f"not a {kind.__name__}",
    )


def uint_or(kind: type[Record]) -> Shape:
    """A number, or, where it has to say more than that, a record that is an array."""
    number, other = uint(), nested(kind)
    return Shape(
        read=f"if data[at] >> 5 == 4:\n{indent(other.read, '    ')}\nelse:\n{indent(number.read, '    ')}",
        fits=f"({number.fits} or {other.fits})",
        write=f"({other.write} if {other.fits} else {number.write})",
        why=f"neither an integer from 0 to {UINT_MAX} nor a {kind.__name__}",
    )


def chosen_by(number: str, kinds: Mapping[Any, type[Record]]) -> Shape:
    """The record that belongs to the earlier field `number` of the same record."""
    by_number = named(dict(kinds))
    return Shape(
        read=within(f"{by_number}[its_{number}].read(data, at)"),
        fits=f"type(v) is {by_number}[self.{number}]",
        write=f"{by_number}[self.{number}].write(v)",
        why=f"not of its {number}",
    )


def list_of(shape: Shape, most: int = LIST_ITEMS_MAX) -> Shape:
    """A tuple of at most `most` values of one shape."""
    many = named(Many(shape, most))
    return Shape(
        read=within(f"{many}.read(data, at)"),
        fits="True",
        write=f"{many}.write(v)",
        why="",
    )


def verbatim() -> Shape:
    """Any one CBOR value, as its bytes: another field, or another module, decides what it must be."""
    return Shape(
        read=within("read_value(data, at)", keep="v = data[start:at]"),
        fits=f"type(v) is bytes and {named(_is_one_value)}(v)",
        write="v",
        why="not the bytes of one CBOR value",
    )


def with_bytes(shape: Shape) -> Shape:
    """A pair: a value of this shape and the bytes that it was read from. Only for reading."""
    return replace(shape, read=f"start = at\n{shape.read}\nv = v, data[start:at]", fits="False", write="b''")


def optional(shape: Shape) -> Shape:
    """The same shape, or nothing."""
    return replace(shape, optional=True)


def _read_uint(most: int) -> str:
    small = "pass" if most >= 23 else f"if v > {most}: wrong()"
    return _READ_UINT.replace("SMALL", small).replace("MOST", str(int(most)))


def within(call: str, *, keep: str = "") -> str:
    """Code that takes a value by another reader, whose errors then name this field too."""
    start = "start = at\n" if keep else ""
    return (
        f"{start}try: v, at = {call}\nexcept Malformed as error: raise error.within(PATH) from None\n{keep}"
    )


def _text_bytes(value: str) -> bytes:
    encoded = value.encode()
    return cbor.head(cbor.TEXT, len(encoded)) + encoded


def _is_one_value(data: bytes) -> bool:
    try:
        cbor.decode(data, where="", bytes_max=len(data))
    except Malformed:
        return False
    return True
