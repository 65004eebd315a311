"""The shapes of fields: which CBOR values a record accepts, with their bounds. See `sync.wire.record`."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import Any

from sync.wire.errors import Malformed
from sync.wire.record import Record, Shape

UINT_MAX = 2**53 - 1
"""No integer exceeds what a JavaScript verifier can hold exactly."""
LIST_ITEMS_MAX = 20_000


def _same(value: Any) -> Any:  # noqa: ANN401
    return value


def uint(most: int = UINT_MAX) -> Shape:
    """An integer from 0 to `most`."""

    def read(value: Any, where: str) -> int:  # noqa: ANN401
        if type(value) is not int or not 0 <= value <= most:
            raise Malformed(where, f"not an integer from 0 to {most}")
        return value

    return Shape(read, _same)


def sint() -> Shape:
    """An integer of either sign."""

    def read(value: Any, where: str) -> int:  # noqa: ANN401
        if type(value) is not int or not -UINT_MAX <= value <= UINT_MAX:
            raise Malformed(where, "not an integer of 53 bits")
        return value

    return Shape(read, _same)


def flag() -> Shape:
    """True or false."""

    def read(value: Any, where: str) -> bool:  # noqa: ANN401
        if type(value) is not bool:
            raise Malformed(where, "not true or false")
        return value

    return Shape(read, _same)


def octets(size: int | None = None, *, most: int = 1 << 16) -> Shape:
    """A byte string of exactly `size` bytes, or of at most `most`."""

    def read(value: Any, where: str) -> bytes:  # noqa: ANN401
        if type(value) is not bytes:
            raise Malformed(where, "not a byte string")
        if size is not None and len(value) != size:
            raise Malformed(where, f"not {size} bytes long")
        if len(value) > most:
            raise Malformed(where, f"longer than {most} bytes")
        return value

    return Shape(read, _same)


def text(most: int = 200) -> Shape:
    """A text of at most `most` characters."""

    def read(value: Any, where: str) -> str:  # noqa: ANN401
        if type(value) is not str or len(value) > most:
            raise Malformed(where, f"not a text of at most {most} characters")
        return value

    return Shape(read, _same)


def one_of(kind: type[IntEnum]) -> Shape:
    """A number of the enum `kind`."""

    def read(value: Any, where: str) -> IntEnum:  # noqa: ANN401
        if type(value) is int:
            try:
                return kind(value)
            except ValueError:
                pass
        raise Malformed(where, f"not a {kind.__name__}")

    return Shape(read, int)


def nested(kind: type[Record]) -> Shape:
    """Another record."""
    return Shape(kind.from_value, lambda value: value.to_value())


def list_of(shape: Shape, most: int = LIST_ITEMS_MAX) -> Shape:
    """A tuple of at most `most` values of one shape."""

    def read(value: Any, where: str) -> tuple[Any, ...]:  # noqa: ANN401
        if type(value) is not list or len(value) > most:
            raise Malformed(where, f"not an array of at most {most}")
        return tuple(shape.read(part, f"{where}[{index}]") for index, part in enumerate(value))

    return Shape(read, lambda value: [shape.write(part) for part in value])


def anything() -> Shape:
    """Any CBOR value: the reader decides by another field what it must be."""
    return Shape(lambda value, _where: value, _same)


def optional(shape: Shape) -> Shape:
    """The same shape, or nothing."""
    return replace(shape, optional=True)
