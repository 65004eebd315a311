"""The parts of `sync/wire/FORMAT.md` that the code knows better, made from the records themselves.

A block ``<!-- cddl: Line Purchase -->`` shows these records in CDDL (RFC 8610); ``<!-- vector: file.key -->`` shows bytes
of a vector file, with what they mean behind ``#``. `python -m tests.sync.wire.format_blocks` renews the first.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from enum import IntEnum
from textwrap import fill
from typing import TYPE_CHECKING, Any

import sync.wire
from sync.wire import compiled, kinds
from sync.wire.batches.pressed_list import PressedMany
from sync.wire.facts import FACT_OF_KIND
from sync.wire.mail import BODY_OF_KIND
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.record import Record
from sync.wire.shapes import UINT_MAX
from tests.gate.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.wire.compiled import Field, Shape

FORMAT = ROOT / "sync" / "wire" / "FORMAT.md"
CDDL = re.compile(r"(<!-- cddl: ([\w ]+) -->\n```cddl\n)(.*?)(\n```)", re.DOTALL)
EXAMPLE = re.compile(r"<!-- vector: ([\w.]+) -->\n```text\n(.*?)\n```", re.DOTALL)
UNDERSTOOD = {"_Payload": "MailPayload", "_Parts": "Receipt"}
"""What records that no other module may name are called."""
NOT_ON_THE_WIRE = {"EntryBytes"}
"""How an entry is stored."""
CHOICES: dict[str, dict[Any, type[Record]]] = {"Fact": dict(FACT_OF_KIND), "Body": dict(BODY_OF_KIND)}
"""What an earlier field named `kind` chooses from."""
_BOUNDS = {
    f"0..{UINT_MAX}": "natural",
    f"0..{AMOUNT_RIAL_MAX}": "amount",
    f"-{UINT_MAX}..{UINT_MAX}": "signed",
}
_FORMS = (
    (r"not an integer from (-?\d+) to (\d+)", r"\1..\2"),
    (r"not true or false", "bool"),
    (r"not a byte string of (\d+)", r"bstr .size \1"),
    (r"not a byte string of at most (\d+)", r"bstr .size (0..\1)"),
    (r"not a text of at most (\d+) characters", "tstr"),
    (r"not a text of one to (\d+) digits", r'tstr .regexp "[0-9]{1,\1}"'),
    (r"not the bytes of one CBOR value", "any"),
)


def named_things() -> dict[str, type[Record | IntEnum]]:
    """All records and numbered words of the wire, by the name that the format gives them."""
    things: dict[str, type[Record | IntEnum]] = {}
    for module in pkgutil.walk_packages(sync.wire.__path__, "sync.wire."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if isinstance(thing, type) and issubclass(thing, Record) and thing is not Record:
                things[UNDERSTOOD.get(name, name)] = thing
    words = {
        name: thing for name, thing in vars(kinds).items() if isinstance(thing, type) and thing is not IntEnum
    }
    return {name: thing for name, thing in things.items() if name not in NOT_ON_THE_WIRE} | words


def cddl(name: str) -> str:
    """One record, the numbers of one word, or the records that a kind chooses from, in CDDL."""
    if name in CHOICES:
        chosen = dict.fromkeys(kind.__name__ for kind in CHOICES[name].values())
        return "\n  / ".join(fill(" / ".join(chosen), 100, initial_indent=f"{name} = ").splitlines()).replace(
            " /\n", "\n"
        )
    thing = named_things()[name]
    if issubclass(thing, IntEnum):
        members = [f"{int(member):<2} ; {member.name.lower()}" for member in thing]
        return f"{name} =\n    " + "\n  / ".join(members)
    rows = [_row(field, array=thing.array) for field in thing.fields]
    width = max((len(row) for row, _ in rows), default=0)
    body = "\n".join(f"  {row:<{width}} ; {said}" if said else f"  {row}" for row, said in rows)
    opening, closing = ("[", "]") if thing.array else ("{", "}")
    return f"{name} = {opening}\n{body}\n{closing}" if body else f"{name} = {opening}{closing}"


def _row(field: Field, *, array: bool) -> tuple[str, str]:
    form = _form(field.shape)
    characters = re.search(r"at most (\d+) characters", _innermost(field.shape).why)
    said = [f"at most {characters[1]} characters"] if characters else []
    if array:
        return f"{field.name}: {form}{' / null' if field.shape.optional else ''},", ", ".join(said)
    return f"{'? ' if field.shape.optional else ''}{field.key}: {form},", ", ".join([field.name, *said])


def _innermost(shape: Shape) -> Shape:
    """The shape of a list's items, or else this."""
    for thing in _things(shape):
        if isinstance(thing, compiled.Many):
            return _innermost(thing._shape)
    return shape


def _things(shape: Shape) -> list[Any]:
    return [compiled._SCOPE[name] for name in re.findall(r"thing_\d+", shape.read)]


def _form(shape: Shape) -> str:
    things = _things(shape)
    if shape.why.startswith("neither "):
        return f"natural / {_form_of(things[0])}"
    if things:
        return _form_of(things[0])
    for pattern, form in _FORMS:
        if re.fullmatch(pattern, shape.why):
            made = re.sub(pattern, form, shape.why)
            return _BOUNDS.get(made, made)
    raise AssertionError(shape.why)


def _form_of(thing: Any) -> str:
    if isinstance(thing, compiled.Many):
        return f"[0*{thing._most} {_form(thing._shape)}]"
    if isinstance(thing, PressedMany):
        return f"bstr .decompressed {_form_of(thing._many)}"
    if isinstance(thing, dict):
        for name, choice in CHOICES.items():
            if thing == choice:
                return name
        return type(next(iter(thing.values()))).__name__
    assert isinstance(thing, type), thing
    return UNDERSTOOD.get(thing.__name__, thing.__name__)


def shown(text: str) -> Iterator[tuple[str, str]]:
    """Each block of CDDL: the names that it should show, and what it shows."""
    for match in CDDL.finditer(text):
        yield match[2], match[3]


def block(names: str) -> str:
    """What a block of these names should show."""
    return "\n\n".join(cddl(name) for name in names.split())


def examples(text: str) -> dict[str, str]:
    """Vector name -> hexadecimal digits, what stands behind a ``#`` left out."""
    return {
        name: "".join(re.sub(r"#.*|\s", "", line) for line in rows.splitlines())
        for name, rows in EXAMPLE.findall(text)
    }


def renewed(text: str) -> str:
    """`text` with every block of CDDL made anew."""
    return CDDL.sub(lambda match: match[1] + block(match[2]) + match[4], text)


if __name__ == "__main__":
    FORMAT.write_text(renewed(FORMAT.read_text()))
