"""Every decoder of outside bytes, by name.

A family is imported when it is reached: under the fuzzer, which rewrites what it watches, an import takes seconds.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Target

FAMILIES = ("wire", "device", "center", "enrollment")


@cache
def all_targets() -> tuple[Target, ...]:
    """All of them, in their order."""
    return tuple(_one_after_the_other())


def target_named(name: str) -> Target:
    """The one with this name. Raises: KeyError."""
    for target in _one_after_the_other():
        if target.name == name:
            return target
    raise KeyError(name)


def _one_after_the_other() -> Iterator[Target]:
    for family in FAMILIES:
        yield from import_module(f"tests.fuzz.{family}_targets").TARGETS
