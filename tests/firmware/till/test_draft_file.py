"""The draft file: one block, overwritten where it lies; what a power cut tore is no draft."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from firmware.till.draft_file import (
    BLOCK_BYTES,
    Draft,
    DraftBasket,
    DraftLine,
    read_draft,
    write_draft,
)
from sync.wire.kinds import Unit

if TYPE_CHECKING:
    from pathlib import Path

SECTOR_BYTES = 512
FRAME_BYTES = 36


def a_draft(lines: int) -> Draft:
    line = DraftLine(
        position=1, good=1, gtin=6260000000014, name="شیر", unit=Unit.PIECE, quantity=1, price_rial=350_000, keyed=False
    )  # fmt: skip
    return Draft(
        baskets=(DraftBasket(number=0, positions=lines, lines=(line,) * lines),), begun=(), machine_boot="one"
    )


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    path = tmp_path / "draft"
    for lines in (1, 30, 2, 60, 0, 60):
        write_draft(path, a_draft(lines).to_cbor())
        assert read_draft(path) == a_draft(lines)


def test_each_is_written_where_the_last_one_lay(tmp_path: Path) -> None:
    path = tmp_path / "draft"
    write_draft(path, a_draft(1).to_cbor())
    first = path.stat()
    write_draft(path, a_draft(20).to_cbor())
    assert (path.stat().st_ino, path.stat().st_size) == (first.st_ino, BLOCK_BYTES)
    assert first.st_size == BLOCK_BYTES


def test_a_file_holds_whole_blocks(tmp_path: Path) -> None:
    for size, blocks in ((BLOCK_BYTES - 1, 1), (BLOCK_BYTES, 1), (BLOCK_BYTES + 1, 2)):
        path = tmp_path / f"{size}"
        write_draft(path, bytes(size - FRAME_BYTES))
        assert path.stat().st_size == blocks * BLOCK_BYTES


def test_of_a_torn_one_nothing_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "draft"
    write_draft(path, a_draft(40).to_cbor())
    old = path.read_bytes()
    write_draft(path, a_draft(41).to_cbor())
    new = path.read_bytes()
    sectors = [
        (old[at : at + SECTOR_BYTES], new[at : at + SECTOR_BYTES]) for at in range(0, len(old), SECTOR_BYTES)
    ]
    torn = {b"".join(mixed) for mixed in product(*(dict.fromkeys(pair) for pair in sectors))} - {old, new}
    assert torn, "the two differ in more than one sector"
    for content in torn:
        path.write_bytes(content)
        assert read_draft(path) is None


def test_a_cut_off_file_is_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "draft"
    write_draft(path, a_draft(1).to_cbor())
    whole = path.read_bytes()
    assert read_draft(path) is not None
    for size in range(FRAME_BYTES + len(a_draft(1).to_cbor())):
        path.write_bytes(whole[:size])
        assert read_draft(path) is None
    for nothing in (bytes(BLOCK_BYTES), b""):
        path.write_bytes(nothing)
        assert read_draft(path) is None


def test_a_disk_that_takes_no_draft_keeps_none(tmp_path: Path) -> None:
    path = tmp_path / "draft"
    path.symlink_to("/dev/full")  # as an old one on a disk that has no room left
    write_draft(path, a_draft(1).to_cbor())
    assert not path.is_symlink()
