"""Records: dataclasses whose fields have numbers and shapes, written as CBOR maps or arrays.

    @record
    class Leg(Record, array=True):
        allowance: int = item(0, uint())
        amount_rial: int = item(1, uint())

A shape says what is allowed and names the field when something else arrives. Reading gives back exactly what writing
took, or raises `Malformed`; an unknown field number is refused, for a signed byte that nobody understands proves nothing.
Writing what reading would refuse is a programmer's error. Optional fields are left out of a map, and are null in an array.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from sync.wire import cbor
from sync.wire.compiled import Field, Reader, Shape, Writer, reader_of, writer_of
from sync.wire.errors import Malformed

RECORD_BYTES_MAX = 1 << 20


def item(key: int, shape: Shape, **optional: None) -> Any:
    """Field number `key` of a record; one of an optional shape takes `default=None`, where type checkers look for it."""
    assert optional == ({"default": None} if shape.optional else {}), "an optional field defaults to None"
    metadata = {"key": key, "shape": shape}
    return (
        dataclasses.field(default=None, metadata=metadata)
        if optional
        else dataclasses.field(metadata=metadata)
    )


class Record:
    """Base of all records; see the module."""

    fields: ClassVar[tuple[Field, ...]]
    read: ClassVar[Reader]
    """Reads a record at an offset into bytes that `cbor.whole` was given."""
    write: ClassVar[Writer]
    array: ClassVar[bool] = False

    __slots__ = ()

    def __init_subclass__(cls, *, array: bool | None = None) -> None:
        if array is not None:
            cls.array = array

    def to_cbor(self) -> bytes:
        """Deterministic bytes of this record."""
        return type(self).write(self)

    @classmethod
    def from_cbor(cls, data: bytes, *, bytes_max: int = RECORD_BYTES_MAX, where: str = "") -> Self:
        """The record in `data`. Raises: Malformed, naming the field below `where`, or else below the class."""
        made: Self = cbor.whole(cls.read, data, where=where or cls.__name__, bytes_max=bytes_max)
        return made

    def to_value(self) -> Any:
        """This record as a CBOR value: what `cbor.decode` makes of its bytes."""
        return cbor.decode(self.to_cbor(), where="", bytes_max=RECORD_BYTES_MAX)

    @classmethod
    def from_value(cls, value: Any, where: str = "") -> Self:
        """The record in a decoded CBOR value. Raises: Malformed, naming the field."""
        try:
            data = cbor.encode(value)
        except TypeError as error:
            raise Malformed(where or cls.__name__, str(error)) from None
        return cls.from_cbor(data, where=where)


_R = TypeVar("_R", bound=Record)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(item,))
def record(cls: type[_R]) -> type[_R]:
    """Make a class with `item` fields a frozen, keyword-only dataclass that can be written and read."""
    made = dataclass(frozen=True, kw_only=True, slots=True)(cls)
    own = dataclasses.fields(made)  # type: ignore[arg-type]  # a dataclass since the line above
    fields = tuple(Field(one.metadata["key"], one.name, one.metadata["shape"]) for one in own)
    keys = [field.key for field in fields]
    assert keys == sorted(set(keys)), "field numbers ascend"
    assert not made.array or keys == list(range(len(keys))), "an array has no holes"
    assert not hasattr(made, "__post_init__"), "reading makes records without calling them"
    made.fields = fields
    made.read = staticmethod(reader_of(made, fields, array=made.array))
    made.write = staticmethod(writer_of(made, fields, array=made.array))
    return made
