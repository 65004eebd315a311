"""Makes the reader and the writer of a record: two Python functions, compiled from the shapes of its fields when first used.

The center reads some sixty values an entry beside one signature check. A loop that asks the shape of each made an entry
cost three checks; straight code makes it less than one and a half. The code of `Leg` (an array of three) looks like this:

    def read(data, at):                                         def write(self):
        if data[at] != 131: raise Malformed("", "not ...")          v = self.allowance
        at += 1                                                     if not (type(v) is int and 0 <= v <= 9007...):
        v = data[at]                                                    raise AssertionError("allowance: not ...")
        if v < 24: at += 1                                          b0 = SHORT[v] if v < 24 else ...
        else: v, at = read_number(data, at, v)                      ...
        if not 0 <= v <= 9007199254740991: raise ...                return HEAD_OF_3 + b0 + b1 + b2
        its_allowance = v
        ...
        return Leg(allowance=its_allowance, ...), at

Bytes decide nothing here: only literals of our own classes become code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from textwrap import indent
from typing import Any

from msgspec import Struct

from sync.wire import cbor
from sync.wire.errors import Malformed

Reader = Callable[[bytes, int], tuple[Any, int]]
Writer = Callable[[Any], bytes]

FIELDS_MAX = 23
"""So that a record's first byte holds their count."""

_SCOPE: dict[str, Any] = {
    "Malformed": Malformed,
    "SHORT": tuple(bytes((number,)) for number in range(24)),
    "head": cbor.head,
    "pack_u32": cbor.pack_u32,
    "read_count": cbor.read_count,
    "read_number": cbor.read_number,
    "read_sint": cbor.read_sint,
    "read_text": cbor.read_text,
    "read_value": cbor.read_value,
    "unpack_u32": cbor.unpack_u32,
}


class Shape(Struct, frozen=True):
    """What one field may hold, as code.

    `read` are statements that take the value `v` off `data` at `at`; they call `wrong()` where it is not `why` says.
    `fits` is an expression, whether `v` may be written, and `write` one for its bytes.
    """

    read: str
    fits: str
    write: str
    why: str
    optional: bool = False


class Field(Struct, frozen=True):
    """A numbered field of a record."""

    key: int
    name: str
    shape: Shape


def named(thing: Any) -> str:
    """A name by which the code of a shape may refer to `thing`."""
    name = f"thing_{len(_SCOPE)}"
    _SCOPE[name] = thing
    return name


def reader_of(cls: type, fields: Sequence[Field], *, array: bool) -> Reader:
    """The function that reads a record of class `cls` at an offset."""
    assert len(fields) <= FIELDS_MAX, "a count of one byte"
    required = sum(not field.shape.optional for field in fields)
    if array:
        start = [f"if data[at] != {0x80 + len(fields)}: raise Malformed('', 'not an array of {len(fields)}')"]
    else:
        start = [
            f"spare = data[at] - {0xA0 + required}",
            f"if not 0 <= spare <= {len(fields) - required}: raise Malformed('', 'not a map of its fields')",
        ]
    body = [*start, "at += 1"]
    for field in fields:
        body += [_read_array_item(field) if array else _read_map_item(field), f"its_{field.name} = v"]
    if not array:
        body.append("if spare: raise Malformed('', f'unknown, repeated or unsorted field number {data[at]}')")
    made = ", ".join(f"{field.name}=its_{field.name}" for field in fields)
    return _compiled("read(data, at)", [*body, f"return {named(cls)}({made}), at"], cls.__name__)


def writer_of(cls: type, fields: Sequence[Field], *, array: bool) -> Writer:
    """The function that gives the deterministic bytes of a record of class `cls`."""
    required = sum(not field.shape.optional for field in fields)
    body = [] if array else ["spare = 0"]
    for index, field in enumerate(fields):
        key = b"" if array else bytes((field.key,))
        body += [f"v = self.{field.name}", _write_item(field, f"b{index}", key)]
    count = repr(bytes((0x80 + len(fields),))) if array else f"MAPS[{required} + spare]"
    body.append("return " + " + ".join([count, *(f"b{index}" for index in range(len(fields)))]))
    return _compiled("write(self)", body, cls.__name__)


class Many:
    """Reads and writes arrays of at most `most` values of one shape, as tuples; compiled when first used."""

    def __init__(self, shape: Shape, most: int) -> None:
        self._shape, self._most = shape, most

    @cached_property
    def read(self) -> Reader:
        """Reads an array at an offset."""
        return _reader_of_many(self._shape, self._most)

    @cached_property
    def write(self) -> Writer:
        """Gives the bytes of a tuple."""
        return _writer_of_many(self._shape, self._most)


def _reader_of_many(shape: Shape, most: int) -> Reader:
    body = [
        "count, at = read_count(data, at, 4)",
        f"if not 0 <= count <= {most}: raise Malformed('', 'not an array of at most {most}')",
        "parts = []",
        "try:",
        "    for _ in range(count):",
        indent(_reading(shape, ""), " " * 8),
        "        parts.append(v)",
        "except Malformed as error: raise error.within(f'[{len(parts)}]') from None",
        "return tuple(parts), at",
    ]
    return _compiled("read(data, at)", body, "many")


def _writer_of_many(shape: Shape, most: int) -> Writer:
    body = [
        f"if type(self) is not tuple or len(self) > {most}: raise AssertionError('not a tuple of at most {most}')",
        "parts = [head(4, len(self))]",
        "for v in self:",
        f"    if not ({shape.fits}): raise AssertionError({shape.why!r})",
        f"    parts.append({shape.write})",
        "return b''.join(parts)",
    ]
    return _compiled("write(self)", body, "many")


def _reading(shape: Shape, path: str) -> str:
    return shape.read.replace("wrong()", f"raise Malformed({path!r}, {shape.why!r})").replace(
        "PATH", repr(path)
    )


def _read_array_item(field: Field) -> str:
    reading = _reading(field.shape, f".{field.name}")
    if not field.shape.optional:
        return reading
    return f"if data[at] == 0xf6: v = None; at += 1\nelse:\n{indent(reading, '    ')}"


def _read_map_item(field: Field) -> str:
    reading = _reading(field.shape, f".{field.name}")
    if not field.shape.optional:
        missing = f"if data[at] != {field.key}: raise Malformed({'.' + field.name!r}, 'missing, or behind a later field')"
        return f"{missing}\nat += 1\n{reading}"
    present = f"spare -= 1\nat += 1\n{reading}"
    return f"if spare and data[at] == {field.key}:\n{indent(present, '    ')}\nelse: v = None"


def _write_item(field: Field, target: str, key: bytes) -> str:
    writing = (
        f"if not ({field.shape.fits}): raise AssertionError({f'{field.name}: {field.shape.why}'!r})\n"
        f"{target} = {f'{key!r} + ' if key else ''}({field.shape.write})"
    )
    if not field.shape.optional:
        return writing
    if not key:
        return f"if v is None: {target} = b'\\xf6'\nelse:\n{indent(writing, '    ')}"
    return f"if v is None: {target} = b''\nelse:\n    spare += 1\n{indent(writing, '    ')}"


def _compiled(signature: str, body: list[str], what: str) -> Callable[..., Any]:
    source = f"def {signature}:\n" + indent("\n".join(body), "    ")
    made: dict[str, Callable[..., Any]] = {}
    exec(compile(source, f"<wire {what}>", "exec"), _SCOPE, made)  # noqa: S102 -- the module says why, and of what
    return next(iter(made.values()))


_SCOPE["MAPS"] = tuple(bytes((0xA0 + number,)) for number in range(FIELDS_MAX + 1))
