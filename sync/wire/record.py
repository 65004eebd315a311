"""Records: dataclasses whose fields have numbers and shapes, written as CBOR maps or arrays.

    @record
    class Leg(Record, array=True):
        allowance: int = item(0, uint())
        amount_rial: int = item(1, uint())

A shape says what is allowed and names the field when something else arrives. Reading gives back exactly what writing
took, or raises `Malformed`; an unknown field number is refused, for a signed byte that nobody understands proves nothing.
Optional fields are left out of a map, and are null in an array.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from sync.wire import cbor
from sync.wire.errors import Malformed

RECORD_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Shape:
    """How the value of one field is written to, and read from, a CBOR value."""

    read: Callable[[Any, str], Any]
    write: Callable[[Any], Any]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class _Field:
    key: int
    name: str
    shape: Shape


def item(key: int, shape: Shape) -> Any:  # noqa: ANN401 -- stands for the field's own type
    """Field number `key` of a record. An optional field is None when it is not given."""
    metadata = {"key": key, "shape": shape}
    if shape.optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)


class Record:
    """Base of all records; see the module."""

    _fields: ClassVar[tuple[_Field, ...]]
    _array: ClassVar[bool] = False

    def __init_subclass__(cls, *, array: bool = False) -> None:
        cls._array = array

    def to_value(self) -> Any:  # noqa: ANN401 -- a CBOR value
        """This record as a CBOR value, fields in the order of their numbers."""
        values = [(field, getattr(self, field.name)) for field in self._fields]
        if self._array:
            return [None if value is None else field.shape.write(value) for field, value in values]
        return {field.key: field.shape.write(value) for field, value in values if value is not None}

    def to_cbor(self) -> bytes:
        """Deterministic bytes of this record."""
        return cbor.encode(self.to_value())

    @classmethod
    def from_value(cls, value: Any, where: str = "") -> Self:  # noqa: ANN401
        """The record in a decoded CBOR value. Raises: Malformed, naming the field."""
        where = where or cls.__name__
        given = cls._numbered(value, where)
        return cls(**{field.name: cls._read(field, given, where) for field in cls._fields})

    @classmethod
    def from_cbor(cls, data: bytes, *, bytes_max: int = RECORD_BYTES_MAX) -> Self:
        """The record in `data`. Raises: Malformed."""
        return cls.from_value(cbor.decode(data, where=cls.__name__, bytes_max=bytes_max))

    @classmethod
    def _numbered(cls, value: Any, where: str) -> dict[int, Any]:  # noqa: ANN401
        if cls._array:
            if type(value) is not list or len(value) != len(cls._fields):
                raise Malformed(where, f"not an array of {len(cls._fields)}")
            return {field.key: part for field, part in zip(cls._fields, value, strict=True) if part is not None}
        if type(value) is not dict:
            raise Malformed(where, "not a map")
        unknown = value.keys() - {field.key for field in cls._fields}
        if unknown:
            raise Malformed(where, f"unknown field number {min(unknown)}")
        return value

    @staticmethod
    def _read(field: _Field, given: dict[int, Any], where: str) -> Any:  # noqa: ANN401
        if field.key not in given:
            if field.shape.optional:
                return None
            raise Malformed(f"{where}.{field.name}", "missing")
        return field.shape.read(given[field.key], f"{where}.{field.name}")


_R = TypeVar("_R", bound=Record)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(item,))
def record(cls: type[_R]) -> type[_R]:
    """Make a class with `item` fields a frozen, keyword-only dataclass that can be written and read."""
    made = dataclass(frozen=True, kw_only=True)(cls)
    fields = [_Field(f.metadata["key"], f.name, f.metadata["shape"]) for f in dataclasses.fields(made)]  # type: ignore[arg-type] -- a dataclass since the line above
    keys = [field.key for field in fields]
    assert keys == sorted(set(keys)), "field numbers ascend"
    assert not made._array or keys == list(range(len(keys))), "an array has no holes"
    made._fields = tuple(fields)
    return made
