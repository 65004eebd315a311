"""Sticks as files: what a shop, a courier or nobody in particular has put on one.

Source: mtools(1), mkfs.exfat(8); the partition table of a PC's first sector.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from lab.images import make_ext4

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTES = 34
"""FAT32 is not made smaller."""
SECTOR_BYTES = 512
FIRST_SECTOR = 2_048
FAT, EXFAT, LINUX = 0x0C, 0x07, 0x83
"""Kinds of partitions."""
_TABLE_AT = 446
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def make_fat(file: Path, *, mebibytes: int = MEBIBYTES, kind: str = "-F") -> Path:
    """An empty FAT without a partition table; `kind` is mformat's word for it."""
    _make_blank(file, mebibytes)
    subprocess.run(("mformat", "-i", str(file), *kind.split(), "::"), check=True, capture_output=True)
    return file


def make_exfat(file: Path) -> Path:
    """An empty exFAT without a partition table; skips the test where nothing here can make one."""
    if shutil.which("mkfs.exfat", path=_PATH) is None:
        pytest.skip("exFAT: `apt-get install exfatprogs` brings mkfs.exfat")
    _make_blank(file, MEBIBYTES)
    subprocess.run(
        ("mkfs.exfat", str(file)), check=True, capture_output=True, env={**os.environ, "PATH": _PATH}
    )
    return file


def make_linux(file: Path) -> Path:
    """An ext4 without a partition table."""
    make_ext4(file, mebibytes=MEBIBYTES)
    return file


def make_blank(file: Path) -> Path:
    """Zeros."""
    _make_blank(file, MEBIBYTES)
    return file


def make_damaged(file: Path) -> Path:
    """A FAT of whose tables and folder a stretch was overwritten; its first sector is whole."""
    make_fat(file)
    with file.open("r+b") as stick:
        stick.seek(32 * SECTOR_BYTES)
        stick.write(b"\xa5" * (1 << 20))
    return file


def make_full(file: Path) -> Path:
    """A FAT with no room for another file."""
    make_fat(file, mebibytes=2, kind="")
    for power in range(20, 8, -1):
        put(file, f"FILM{power}.MP4", bytes(1 << power), must_fit=False)
    return file


def with_table(file: Path, *parts: tuple[int, Path]) -> Path:
    """A stick with a partition table; each part is of a kind, and is what the file holds."""
    table, start = bytearray(SECTOR_BYTES), FIRST_SECTOR
    table[-2:] = b"\x55\xaa"
    with file.open("wb") as stick:
        for number, (kind, part) in enumerate(parts):
            content = part.read_bytes()
            entry = struct.pack(
                "<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, len(content) // SECTOR_BYTES
            )
            table[_TABLE_AT + 16 * number : _TABLE_AT + 16 * (number + 1)] = entry
            stick.seek(start * SECTOR_BYTES)
            stick.write(content)
            start += len(content) // SECTOR_BYTES
        stick.seek(0)
        stick.write(table)
    return file


def put(file: Path, name: str, content: bytes, *, at_sector: int = 0, must_fit: bool = True) -> None:
    """Put a file onto the FAT that begins `at_sector`, in place of an older one."""
    source = file.parent / "put"
    source.write_bytes(content)
    line = ("mcopy", "-o", "-i", _at(file, at_sector), str(source), f"::{name}")
    subprocess.run(line, check=must_fit, capture_output=True)


def taken(file: Path, name: str, *, at_sector: int = 0) -> bytes:
    """A file of the FAT that begins `at_sector`."""
    line = ("mtype", "-i", _at(file, at_sector), f"::{name}")
    return subprocess.run(line, check=True, capture_output=True).stdout


def _at(file: Path, sector: int) -> str:
    return f"{file}@@{sector * SECTOR_BYTES}"


def _make_blank(file: Path, mebibytes: int) -> None:
    with file.open("wb") as made:
        made.truncate(mebibytes << 20)
