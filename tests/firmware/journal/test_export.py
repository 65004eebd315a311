"""An exported journal: whole, provable with the root's key alone, and in nothing's place but a file's."""

from __future__ import annotations

import os
import resource
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from firmware.errors import FirmwareError, JournalCorrupt
from firmware.journal import audit
from sync.wire import cbor
from sync.wire.credential import SlimCredential, verify_slim
from sync.wire.entry import EntryBytes, reopen
from sync.wire.errors import Malformed
from sync.wire.facts import Purchase
from tests.fakes.selling import buy_twice
from tests.fakes.village_till import VillageTill, change

if TYPE_CHECKING:
    from sync.wire.cose import VerifyingKey


def ignore(_: int) -> None:
    pass


@pytest.fixture
def till(tmp_path: Path) -> VillageTill:
    """Enrolled, with its first mail and two purchases."""
    till = VillageTill(tmp_path)

    till.day(partial(buy_twice, members=till.members))
    return till


def test_an_export_is_verified_by_whoever_holds_the_root_key(till: VillageTill, tmp_path: Path) -> None:
    target = tmp_path / "journal.export"
    seen: list[int] = []
    proven = audit.verify(till.path, till.identity, ignore)
    assert audit.export(till.path, till.identity, target, seen.append) == proven
    assert seen == list(range(proven.entries))
    header, *entries = _sequence_of(target.read_bytes())
    assert isinstance(header, dict)
    assert header[0] == b"sofreh-journal-1"
    key: VerifyingKey = verify_slim(SlimCredential.from_cbor(header[1]), till.identity.trusted)
    prev = till.identity.credential_hash
    kinds = []
    for number, parts in enumerate(entries):
        assert isinstance(parts, list)
        payload, lines, private, signature = parts
        assert private is None
        stored = EntryBytes(payload=payload, lines=lines, private=None, signature=signature)
        entry = reopen(stored, key=key, blinding_key=None, what=f"entry {number}")
        assert (entry.sequence, entry.prev) == (number, prev)
        prev = entry.hash
        kinds.append(type(entry.fact))
    assert kinds.count(Purchase) == 2


def _sequence_of(data: bytes) -> list[object]:
    """The items of a CBOR sequence (RFC 8742); each is found by the shortest piece that decodes."""
    items, start, end = [], 0, 1
    while start < len(data):
        try:
            items.append(cbor.decode(data[start:end], where="", bytes_max=len(data)))
        except Malformed:
            end += 1
            continue
        start, end = end, end + 1
    return items


def test_nothing_is_exported_of_a_journal_that_does_not_hold(till: VillageTill, tmp_path: Path) -> None:
    change(till.path, "DELETE FROM entry WHERE sequence = 1")
    with pytest.raises(JournalCorrupt, match="entry 1"):
        audit.export(till.path, till.identity, tmp_path / "journal.export", ignore)


def test_an_export_takes_the_place_of_a_file_and_of_nothing_else(till: VillageTill, tmp_path: Path) -> None:
    folder, link, fifo, file = (tmp_path / name for name in ("folder", "link", "fifo", "file"))
    folder.mkdir()
    link.symlink_to("/dev/full")
    os.mkfifo(fifo)
    file.write_bytes(b"an older export")
    for target in (folder, link, fifo, Path()):
        mode = target.lstat().st_mode
        with pytest.raises(FirmwareError) as caught:
            audit.export(till.path, till.identity, target, ignore)
        assert str(caught.value) == f"{target}: is there already and is no regular file"
        assert target.lstat().st_mode == mode
    audit.export(till.path, till.identity, file, ignore)
    assert b"sofreh-journal-1" in file.read_bytes()


def test_an_export_s_draft_is_written_into_no_device(till: VillageTill, tmp_path: Path) -> None:
    draft = tmp_path / "out.part"
    draft.symlink_to("/dev/full")
    with pytest.raises(FirmwareError, match=r"out\.part: is there already and is no regular file"):
        audit.export(till.path, till.identity, tmp_path / "out", ignore)
    assert draft.is_symlink()


def test_an_export_that_fails_names_its_target_and_leaves_what_stood_there(
    till: VillageTill, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"an older export")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(FirmwareError) as caught:
            audit.export(till.path, till.identity, target, ignore)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == f"{target}: File too large"
    assert target.read_bytes() == b"an older export"
    assert not target.with_name("out.part").exists()
    with pytest.raises(FirmwareError, match=f"^{target}/none: Not a directory$"):
        audit.export(till.path, till.identity, target / "none", ignore)
