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
from dataclasses import FrozenInstanceError, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

from sync.wire import cbor
from sync.wire.compiled import Field, Shape, init_of, reader_of, writer_of
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

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


class _WhenFirstUsed:
    """A function that is compiled for each class when it is first asked for: a start needs few of all the classes."""

    def __init__(self, name: str, make: Callable[..., Callable[..., Any]]) -> None:
        self._name, self._make = name, make

    def __get__(self, _: object, cls: type[Record]) -> Callable[..., Any]:
        function = self._make(cls, cls.fields, array=cls.array)
        setattr(cls, self._name, staticmethod(function))
        return function


class Record:
    """Base of all records; see the module."""

    fields: ClassVar[tuple[Field, ...]]
    read = _WhenFirstUsed("read", reader_of)
    """Reads a record at an offset into bytes that `cbor.whole` was given."""
    write = _WhenFirstUsed("write", writer_of)
    array: ClassVar[bool] = False

    __slots__ = ()

    def __init__(self, **values: Any) -> None:
        # The first of a class gets the class its own: straight code for all that follow.
        setattr(type(self), "__init__", init_of(self.fields))  # noqa: B010 -- a method is not assigned twice
        type(self).__init__(self, **values)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        told = (f"{field.name}={getattr(self, field.name)!r}" for field in self.fields)
        return f"{type(self).__name__}({', '.join(told)})"

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(name)

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(name)

    def __getstate__(self) -> tuple[Any, ...]:
        return self._values()

    def __setstate__(self, values: tuple[Any, ...]) -> None:
        for field, value in zip(self.fields, values, strict=True):
            field.put(self, value)

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in self.fields)

    def __init_subclass__(cls, *, array: bool | None = None) -> None:
        if array is not None:
            cls.array = array

    def to_cbor(self) -> bytes:
        """Deterministic bytes of this record."""
        data: bytes = type(self).write(self)
        return data

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
    # The methods stand once in `Record`: made for each class they took a third of the time in which a till starts.
    made = dataclass(init=False, repr=False, eq=False, kw_only=True, slots=True)(cls)
    own = dataclasses.fields(made)  # type: ignore[arg-type]  # a dataclass since the line above
    fields = tuple(
        Field(one.metadata["key"], one.name, one.metadata["shape"], getattr(made, one.name).__set__)
        for one in own
    )
    keys = [field.key for field in fields]
    assert keys == sorted(set(keys)), "field numbers ascend"
    assert not made.array or keys == list(range(len(keys))), "an array has no holes"
    assert not hasattr(made, "__post_init__"), "reading makes records without calling them"
    made.fields = fields
    return made
