"""The card's partition table, read back as a kernel reads it."""

from __future__ import annotations

import itertools
import re
import struct
from pathlib import Path
from typing import NamedTuple

import pytest

from image import disk

SECTOR = disk.SECTOR
MEBIBYTE = (1 << 20) // SECTOR


class Read(NamedTuple):
    kind: int
    first: int
    sectors: int


def entries(table: bytes) -> list[Read]:
    assert table[510:] == b"\x55\xaa"
    found = [struct.unpack("<B3xB3xII", table[446 + 16 * at : 462 + 16 * at]) for at in range(4)]
    return [Read(kind, first, sectors) for _, kind, first, sectors in found]


def as_a_kernel_reads(tables: dict[int, bytes]) -> dict[int, Read]:
    """Primary partitions, then the chain of the extended one, numbered from 5."""
    primary = entries(tables[0])
    found = dict(enumerate(primary, 1))
    extended = next(entry for entry in primary if entry.kind == 0x0F)
    at, number = extended.first, 5
    while True:
        first, link, *_ = entries(tables[at])
        found[number] = first._replace(first=at + first.first)
        if not link.kind:
            return found
        at, number = extended.first + link.first, number + 1


def test_a_kernel_finds_each_partition_where_it_was_put() -> None:
    read = as_a_kernel_reads(disk.tables())
    assert read == {
        partition.number: Read(partition.kind, partition.first, partition.sectors)
        for partition in disk.layout()
    }


def test_the_card_bears_its_number() -> None:
    assert struct.unpack_from("<I", disk.tables()[0], 440) == (disk.CARD_NUMBER,)


def test_no_two_partitions_share_a_sector_and_each_begins_at_a_whole_mebibyte() -> None:
    kept = sorted((part.first, part.first + part.sectors) for part in disk.layout() if part.kind != 0x0F)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(kept))
    assert all(first % 2048 == 0 for first, _ in kept)


def test_the_data_are_the_last_so_that_they_can_grow() -> None:
    data = disk.place(disk.DATA)
    assert max(part.end for part in disk.layout()) == data.end


def test_each_table_says_how_long_what_follows_it_is() -> None:
    """The links of the chain reach as far as what they lead to; so do the extended partition and the data."""
    extended, second, data = disk.place(4), disk.place(disk.ROOTS[1]), disk.place(disk.DATA)
    link = entries(disk.tables()[second.first - MEBIBYTE])[1]
    assert extended.first + link.first + link.sectors == data.end == extended.end


def test_the_first_steps_grow_the_data_and_what_contains_them() -> None:
    first_steps = (Path(disk.__file__).parent / "init").read_text()
    table = 446  # of entries of 16 bytes, whose length is the last four of them
    assert re.findall(r"^    put .* (\d+)\)*$", first_steps, re.MULTILINE) == [
        str(table + 16 * 3 + 12), str(table + 16 + 12), str(table + 12)
    ]  # fmt: skip
    assert set(re.findall(r"start (\d)", first_steps)) == {"4", "6", "7"}
    assert (disk.ROOTS[1], disk.DATA) == (6, 7)


def test_contents_lie_in_their_partitions_and_the_rest_is_empty(tmp_path: Path) -> None:
    content = bytes(4096) + b"\x01" * 5000
    (tmp_path / "data").write_bytes(content)
    disk.put_together(tmp_path / "card", {disk.DATA: tmp_path / "data"})
    at = disk.place(disk.DATA).first_byte
    assert (tmp_path / "card").stat().st_size == at + (disk.DATA_MEBIBYTES << 20)
    with (tmp_path / "card").open("rb") as card:
        before = [number for number in range(at >> 20) if any_byte(card.read(1 << 20))]
        assert card.read(len(content)) == content
    # Each table's own mebibyte, and nothing else.
    assert before == sorted(sector * SECTOR >> 20 for sector in disk.tables())


def any_byte(block: bytes) -> bool:
    return block.count(0) != len(block)


def test_a_content_too_large_for_its_partition_is_a_mistake(tmp_path: Path) -> None:
    with (tmp_path / "data").open("wb") as file:
        file.truncate((disk.DATA_MEBIBYTES << 20) + 1)
    with pytest.raises(AssertionError, match="partition 7 is too small"):
        disk.put_together(tmp_path / "card", {disk.DATA: tmp_path / "data"})
