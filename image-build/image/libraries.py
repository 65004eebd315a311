"""Whether every library that a program on the card names is on the card: nobody ran a package manager there.

Source: ELF-64 (gABI, chapter 5: program header, dynamic section), little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = b"\x7fELF\x02\x01"
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_STRTAB = 0, 1, 5


def libraries_missing(root: Path) -> dict[str, list[str]]:
    """The programs and libraries below `root` that name a library which is not there, with its name."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() or path.is_symlink()]
    there = {path.name for path in files}
    missing = {}
    for path in files:
        if path.is_symlink() or path.suffix == ".ko":
            continue
        if lacks := [name for name in needed(path.read_bytes()) if name not in there]:
            missing[str(path.relative_to(root))] = lacks
    return missing


def needed(program: bytes) -> list[str]:
    """The names of the libraries that a program names; none if it is no program."""
    if not program.startswith(_MAGIC):
        return []
    headers_at, count = struct.unpack_from("<Q", program, 32)[0], struct.unpack_from("<H", program, 56)[0]
    headers = [
        _PROGRAM_HEADER.unpack_from(program, headers_at + at * _PROGRAM_HEADER.size) for at in range(count)
    ]
    dynamic = next((header[2] for header in headers if header[0] == _PT_DYNAMIC), None)
    if dynamic is None:
        return []
    tags = list(_tags(program, dynamic))
    strings_at = next(value for tag, value in tags if tag == _DT_STRTAB)
    begin = next(
        strings_at - header[3] + header[2]
        for header in headers
        if header[0] == _PT_LOAD and header[3] <= strings_at < header[3] + header[5]
    )
    names = [begin + value for tag, value in tags if tag == _DT_NEEDED]
    return [program[at : program.index(b"\0", at)].decode() for at in names]


def _tags(program: bytes, at: int) -> Iterator[tuple[int, int]]:
    while (tag := struct.unpack_from("<QQ", program, at))[0] != _DT_NULL:
        yield tag
        at += 16
