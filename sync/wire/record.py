"""Records: value classes whose fields have numbers and shapes, written as CBOR maps or arrays.

    @array_record
    class Leg(Record):
        allowance: int = item(0, uint())
        amount_rial: int = item(1, uint())

A shape says what is allowed and names the field when something else arrives. Reading gives back exactly what writing
took, or raises `Malformed`; an unknown field number is refused, for a signed byte that nobody understands proves nothing.
Writing what reading would refuse is a programmer's error. Optional fields are left out of a map, and are null in an array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeVar, dataclass_transform

from msgspec import NODEFAULT, Struct, defstruct

from sync.wire import cbor
from sync.wire.compiled import Field, Shape, reader_of, writer_of
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    _Plain = Struct
else:
    # A record's class is written plainly and made a Struct once: making Structs is what a start spends on records.
    _Plain = object

RECORD_BYTES_MAX = 1 << 20


class _Item(NamedTuple):
    key: int
    shape: Shape


def item(key: int, shape: Shape, **optional: None) -> Any:
    """Field number `key` of a record; one of an optional shape takes `default=None`, where type checkers look for it."""
    assert optional == ({"default": None} if shape.optional else {}), "an optional field defaults to None"
    return _Item(key, shape)


class _WhenFirstUsed:
    """A function that is compiled for each class when it is first asked for: a start needs few of all the classes."""

    def __init__(self, name: str, make: Callable[..., Callable[..., Any]]) -> None:
        self._name, self._make = name, make

    def __get__(self, _: object, cls: type[Record]) -> Callable[..., Any]:
        function = self._make(cls, cls.fields, array=cls.array)
        setattr(cls, self._name, staticmethod(function))
        return function


class Record(_Plain):
    """Base of all records; see the module. They are frozen, and hold no cycles that a garbage collector would look for."""

    fields: ClassVar[tuple[Field, ...]]
    array: ClassVar[bool]
    read = _WhenFirstUsed("read", reader_of)
    """Reads a record at an offset into bytes that `cbor.whole` was given."""
    write = _WhenFirstUsed("write", writer_of)

    __slots__ = ()

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


@dataclass_transform(kw_only_default=True, field_specifiers=(item,))
def record(cls: type[_R]) -> type[_R]:
    """Make a class with `item` fields a record that is written as a map."""
    return _made(cls, array=False)


@dataclass_transform(kw_only_default=True, field_specifiers=(item,))
def array_record(cls: type[_R]) -> type[_R]:
    """Make a class with `item` fields a record that is written as an array."""
    return _made(cls, array=True)


def _made(cls: type[_R], *, array: bool) -> type[_R]:
    """The Struct of the class: fields for its items."""
    written = vars(cls)
    fields = tuple(Field(one.key, name, one.shape) for name, one in written.items() if type(one) is _Item)
    keys = [field.key for field in fields]
    assert keys == sorted(set(keys)), "field numbers ascend"
    assert not array or keys == list(range(len(keys))), "an array has no holes"
    made: Any = defstruct(
        cls.__name__,
        [(field.name, Any, None if field.shape.optional else NODEFAULT) for field in fields],
        bases=(Record, Struct),
        module=cls.__module__,
        namespace={
            name: part for name, part in written.items() if type(part) is not _Item and name not in _MADE_ANEW
        },
        frozen=True,
        kw_only=True,
        gc=False,
    )
    made.fields, made.array = fields, array
    return made  # type: ignore[no-any-return]  # defstruct gives a type that nobody can name


_MADE_ANEW = frozenset({"__annotations__", "__dict__", "__module__", "__weakref__"})
