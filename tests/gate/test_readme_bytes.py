"""The README's examples of bytes are those of the vector files, to the last digit."""

from __future__ import annotations

import re

import pytest

from tests.gate.readme_blocks import README, found
from tests.vectors import make

EXAMPLE = re.compile(r"<!-- vector: ([\w.]+) -->\n```text\n(.*?)\n```", re.DOTALL)
SHOWN = {
    "card.cbor",
    "entries.booted.signed_bytes",
    "entries.purchase.lines",
    "entries.purchase.payload",
    "entries.purchase.private",
    "mail.recall.payload",
    "receipt.cbor",
}


def examples() -> dict[str, str]:
    """Vector name -> hexadecimal digits, what stands behind a ``#`` left out."""
    block = found("bytes", README.read_text())
    if block is None:
        pytest.fail("the README's block `bytes` is empty")
    return {
        name: "".join(re.sub(r"#.*|\s", "", line) for line in rows.splitlines())
        for name, rows in EXAMPLE.findall(block)
    }


def kept(path: str) -> str:
    name, *keys = path.split(".")
    value = make.read(name)
    for key in keys:
        value = value[key]
    assert isinstance(value, str)
    return value


def test_every_format_has_an_example() -> None:
    assert examples().keys() == SHOWN


@pytest.mark.parametrize("path", sorted(SHOWN))
def test_an_example_is_the_vector(path: str) -> None:
    assert examples()[path] == kept(path)
