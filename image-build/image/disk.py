"""The card as a whole: its partition table, and its partitions' places.

| partition | what | size |
| --- | --- | --- |
| 1, 2 | boot of slot a and b, FAT | 64 MiB each |
| 4: 5, 6 | root of slot a and b, squashfs, in an extended partition | 160 MiB each |
| 3 | data, ext4; behind the others, for it grows to the card's end at the first start | 64 MiB in the image |

An MBR and no GPT: the boot program in the chips of Zero 2 W and 3 knows it for certain, and five partitions are all.

Source: the classic partition table (sector 0: entries at 446, number at 440; extended: a chain of tables, each with its own
partition and the next table); Raspberry Pi's boot flow.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

SECTOR = 512
BOOT_MEBIBYTES, ROOT_MEBIBYTES, DATA_MEBIBYTES = 64, 160, 64
_ALIGNED = (1 << 20) // SECTOR
_FAT, _EXTENDED, _LINUX = 0x0C, 0x0F, 0x83
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


def layout() -> tuple[Partition, ...]:
    """The card's partitions, in the order of the table above."""
    boot, root, data = (_sectors(size) for size in (BOOT_MEBIBYTES, ROOT_MEBIBYTES, DATA_MEBIBYTES))
    extended = _ALIGNED + 2 * boot
    first_root = extended + _ALIGNED
    second_root = first_root + root + _ALIGNED
    data_at = second_root + root
    return (
        Partition(1, _FAT, _ALIGNED, boot),
        Partition(2, _FAT, _ALIGNED + boot, boot),
        Partition(4, _EXTENDED, extended, data_at - extended),
        Partition(5, _LINUX, first_root, root),
        Partition(6, _LINUX, second_root, root),
        Partition(3, _LINUX, data_at, data),
    )


def place(number: int) -> Partition:
    """The partition of that number."""
    return next(partition for partition in layout() if partition.number == number)


def tables(card_number: int) -> dict[int, bytes]:
    """The sectors that say where the partitions are, by their own places in sectors."""
    primary = [place(number) for number in (1, 2, 3, 4)]
    extended, first, second = place(4), place(5), place(6)
    second_table = second.first - _ALIGNED
    link = Partition(0, _EXTENDED, second_table - extended.first, second.sectors + _ALIGNED)
    return {
        0: _table([(partition, partition.first) for partition in primary], card_number),
        extended.first: _table([(first, first.first - extended.first), (link, link.first)], 0),
        second_table: _table([(second, _ALIGNED)], 0),
    }


def put_together(target: Path, contents: dict[int, Path], *, card_number: int) -> None:
    """Write the whole card into the file `target`; `contents` are the partitions' files by number, others stay zeros."""
    data = place(3)
    with target.open("wb") as card:
        card.truncate((data.first + data.sectors) * SECTOR)
        for sector, table in tables(card_number).items():
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
