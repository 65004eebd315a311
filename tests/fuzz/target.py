"""A decoder under test: what feeds it bytes, which errors may leave, and good inputs to begin from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOUND = Path(__file__).parent / "found"
"""Inputs that once broke a decoder, in a folder for each target: they are tried for ever."""
INPUT_BYTES_MAX = 1 << 16


class Target(Struct, frozen=True, kw_only=True):
    """`decode` may return anything, and raise what stands in `errors`; any other error is a bug. `slow`: files or a database
    are made for each input.
    """

    name: str
    decode: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]
    slow: bool = False

    def try_(self, data: bytes) -> None:
        """Raises: whatever should not have left the decoder."""
        try:
            self.decode(data)
        except self.errors:
            return

    def found(self) -> list[bytes]:
        """Inputs that once broke it."""
        folder = FOUND / self.name
        return [path.read_bytes() for path in sorted(folder.glob("*"))] if folder.is_dir() else []


def text_of(data: bytes) -> str:
    """Any text: what is no UTF-8 becomes letters, so that no input is lost."""
    return data.decode("utf-8", "replace")
