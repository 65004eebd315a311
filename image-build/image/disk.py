"""The card as a whole: its partition table, and its partitions' places.

| partition | what | size |
| --- | --- | --- |
| 1 | the selector, FAT: which slot the board starts | 16 MiB |
| 2, 3 | boot of slot a and b, FAT | 64 MiB each |
| 4: 5, 6 | root of slot a and b, squashfs, in an extended partition | 160 MiB each |
| 4: 7 | data, ext4; behind the others, for it grows to the card's end at the first start | 64 MiB in the image |

An MBR and no GPT: the boot program in the chips of Zero 2 W and 3 knows it for certain. The selector is a partition of its own
so that an update writes nothing that the board needs to start the slot that it runs; boot partitions are primary ones, since
the board is told their numbers.

Source: the classic partition table (sector 0: entries at 446, number at 440; extended: a chain of tables, each with its own
partition and the next table); Raspberry Pi's boot flow.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

SECTOR = 512
SELECTOR_MEBIBYTES, BOOT_MEBIBYTES, ROOT_MEBIBYTES, DATA_MEBIBYTES = 16, 64, 160, 64
SELECTOR, DATA = 1, 7
BOOTS, ROOTS = (2, 3), (5, 6)
CARD_NUMBER = 0x736F6672
"""In the partition table: that a disk is a card of ours. All cards have it, for an update brings a kernel's line to any of them."""
_ALIGNED = (1 << 20) // SECTOR
_FAT16, _FAT, _EXTENDED, _LINUX = 0x0E, 0x0C, 0x0F, 0x83
_ENTRY = struct.Struct("<B3sB3sII")
_NO_CYLINDERS = b"\xfe\xff\xff"
_TABLE_AT, _NUMBER_AT = 446, 440


class Partition(NamedTuple):
    """A partition's number in the kernel's names, its kind, and its place in sectors."""

    number: int
    kind: int
    first: int
    sectors: int

    @property
    def first_byte(self) -> int:
        """Where it begins on the card."""
        return self.first * SECTOR

    @property
    def end(self) -> int:
        """The sector behind it."""
        return self.first + self.sectors


def layout() -> tuple[Partition, ...]:
    """The card's partitions, in the order of the table above."""
    selector = Partition(SELECTOR, _FAT16, _ALIGNED, _sectors(SELECTOR_MEBIBYTES))
    placed = [selector]
    for number in BOOTS:
        placed.append(Partition(number, _FAT, placed[-1].end, _sectors(BOOT_MEBIBYTES)))
    extended = placed[-1].end
    logical = []
    end = extended
    for number, mebibytes in ((ROOTS[0], ROOT_MEBIBYTES), (ROOTS[1], ROOT_MEBIBYTES), (DATA, DATA_MEBIBYTES)):
        # Before each its own table, in a mebibyte for itself.
        logical.append(Partition(number, _LINUX, end + _ALIGNED, _sectors(mebibytes)))
        end = logical[-1].end
    return (*placed, Partition(4, _EXTENDED, extended, end - extended), *logical)


def place(number: int) -> Partition:
    """The partition of that number."""
    return next(partition for partition in layout() if partition.number == number)


def tables() -> dict[int, bytes]:
    """The sectors that say where the partitions are, by their own places in sectors."""
    extended = place(4)
    primary = [(place(number), place(number).first) for number in (1, 2, 3, 4)]
    made = {0: _table(primary, CARD_NUMBER)}
    logical = [place(number) for number in (*ROOTS, DATA)]
    for one, after in pairwise([*logical, None]):
        assert one is not None, "only the last has none after it"
        entries = [(one, _ALIGNED)]
        if after is not None:
            link = Partition(0, _EXTENDED, after.first - _ALIGNED, after.sectors + _ALIGNED)
            entries.append((link, link.first - extended.first))
        made[one.first - _ALIGNED] = _table(entries, 0)
    return made


def put_together(target: Path, contents: dict[int, Path]) -> None:
    """Write the whole card into the file `target`; `contents` are the partitions' files by number, others stay zeros."""
    with target.open("wb") as card:
        card.truncate(place(DATA).end * SECTOR)
        for sector, table in tables().items():
            card.seek(sector * SECTOR)
            card.write(table)
        for number, content in contents.items():
            partition = place(number)
            bytes_ = content.read_bytes()
            assert len(bytes_) <= partition.sectors * SECTOR, (
                f"partition {number} is too small: {len(bytes_)} bytes"
            )
            _write_sparsely(card, partition.first_byte, bytes_)


def _write_sparsely(card: BinaryIO, at: int, content: bytes) -> None:
    """Blocks of zeros stay holes: the block map leaves them out."""
    step = 4096
    for offset in range(0, len(content), step):
        block = content[offset : offset + step]
        if block.count(0) != len(block):
            card.seek(at + offset)
            card.write(block)


def _table(entries: list[tuple[Partition, int]], number: int) -> bytes:
    table = bytearray(SECTOR)
    struct.pack_into("<I", table, _NUMBER_AT, number)
    for index, (partition, first) in enumerate(entries):
        entry = _ENTRY.pack(0, _NO_CYLINDERS, partition.kind, _NO_CYLINDERS, first, partition.sectors)
        table[_TABLE_AT + 16 * index : _TABLE_AT + 16 * (index + 1)] = entry
    table[510:] = b"\x55\xaa"
    return bytes(table)


def _sectors(mebibytes: int) -> int:
    return (mebibytes << 20) // SECTOR
