"""Power cuts at any write: what was confirmed is there, nothing is half done, and the next day's trade goes on."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from firmware.journal import audit
from firmware.journal.journal import Journal, open_journal
from firmware.journal.schema import LOG_BYTES
from firmware.upkeep import FOLD_AT_ENTRIES
from sync.wire.facts import Purchase
from tests.fakes.disk import Disk, Sync, watched_disk
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, PaperCenter
from tests.fakes.selling import buy
from tests.fakes.software_key import SoftwareKey
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.identity import Identity

NOW_S = OPENING_S + 8 * 3600
CREDIT_RIAL = 40_000_000
CUTS = 120


class Village:
    def __init__(self, members: int = 5) -> None:
        self.center = PaperCenter()
        self.identity: Identity = self.center.enroll(SoftwareKey("till"), now_s=NOW_S)
        self.members = tuple(self.center.member(number) for number in range(1, members + 1))
        self.mails = tuple(self.center.village(self.identity, self.members, CREDIT_RIAL))


def day_of_trade(village: Village, path: Path, disk: Disk, *, synchronous: str = "FULL") -> None:
    """Mail, then purchases with checkpoints between them; each confirmed sequence is marked on the disk."""

    async def run() -> None:
        async with open_journal(path, village.identity, HandClock(NOW_S), version="test") as journal:
            await journal._run(lambda sql: sql.execute(f"PRAGMA synchronous = {synchronous}"))
            disk.mark((await journal.apply_mail(village.mails)).sequence)
            for turn in range(12):
                entry = await buy(journal, village.members[turn % 5], 1_050_000 + turn)
                disk.mark(entry.sequence)
                if turn % 4 == 3:
                    await journal.checkpoint()

    with watched_disk(disk):
        asyncio.run(run())


def start_again(village: Village, path: Path) -> tuple[int, int]:
    """Open what the cut left, buy once more; returns the entries found and the credit that is missing in the books."""

    async def run() -> tuple[int, int]:
        async with open_journal(path, village.identity, HandClock(NOW_S), version="test") as journal:
            found = journal.head.sequence
            if journal.mail_head.number == 0:
                await journal.apply_mail(village.mails)
            await buy(journal, village.members[0], 1_050_000)
            return found, await _unexplained_rial(journal, village)

    return asyncio.run(run())


def _fill_log(path: Path) -> None:
    """The zeros behind it are written past SQLite, and so past the disk that is watched here."""
    if path.exists():
        path.write_bytes(path.read_bytes().ljust(LOG_BYTES, b"\0"))


async def _unexplained_rial(journal: Journal, village: Village) -> int:
    spent = 0
    for sequence in range(journal.head.sequence):
        entry = await journal.entry(sequence)
        assert entry is not None
        if isinstance(entry.fact, Purchase):
            spent += entry.fact.credit_rial
    left = 0
    for member in village.members:
        account = await journal.account(member.household)
        assert account is not None
        left += sum(allowance.left_rial for allowance in account.allowances)
    return CREDIT_RIAL * len(village.members) - left - spent


@field_failure(
    "the database is malformed after a power cut",
    "piskvorky/sqlitedict#149",
    "aaronwmorris/indi-allsky#1534",
    "rqlite/rqlite#2458",
)
def test_no_cut_loses_what_was_confirmed_or_charges_twice(tmp_path: Path) -> None:
    village, disk = Village(), Disk()
    (tmp_path / "day").mkdir()
    day_of_trade(village, tmp_path / "day" / "journal.db", disk)
    points = random.Random(1).sample(range(len(disk.operations)), min(CUTS, len(disk.operations)))
    for at in points:
        folder = tmp_path / f"cut{at}"
        folder.mkdir()
        confirmed = disk.after_power_cut(at, folder, seed=at)
        path = folder / "journal.db"
        if at % 2:
            _fill_log(folder / "journal.db-wal")
        found, unexplained_rial = start_again(village, path)
        assert found > max((int(str(sequence)) for sequence in confirmed), default=-1), (
            f"cut before operation {at}"
        )
        assert unexplained_rial == 0, f"cut before operation {at}"
        audit.verify(path, village.identity, lambda _: None)


def test_the_same_cuts_do_lose_entries_when_commits_are_not_synced(tmp_path: Path) -> None:
    village, disk = Village(), Disk()
    (tmp_path / "day").mkdir()
    day_of_trade(village, tmp_path / "day" / "journal.db", disk, synchronous="NORMAL")
    lost = 0
    for at in range(len(disk.operations) // 2, len(disk.operations), 5):
        folder = tmp_path / f"cut{at}"
        folder.mkdir()
        confirmed = disk.after_power_cut(at, folder, seed=at)
        found, _ = start_again(village, folder / "journal.db")
        lost += found <= max(int(str(sequence)) for sequence in confirmed)
    assert lost > 0, "this disk would forgive anything"


@field_failure(
    "a confirmed row is gone after a power cut",
    "chiselstrike/chiselstrike#1854",
    "couchbase/couchbase-lite-ios#1482",
)
def test_a_purchase_costs_exactly_one_sync(tmp_path: Path) -> None:
    village, disk = Village(), Disk()

    async def run() -> list[int]:
        async with open_journal(
            tmp_path / "journal.db", village.identity, HandClock(NOW_S), version="test"
        ) as journal:
            await journal.apply_mail(village.mails)
            counts = []
            for turn in range(20):
                before = disk.syncs()
                await buy(journal, village.members[turn % 5], 500_000)
                counts.append(disk.syncs() - before)
                if turn % 6 == 5:
                    await journal.checkpoint()
            return counts

    with watched_disk(disk):
        assert asyncio.run(run()) == [1] * 20


def test_the_log_is_what_a_purchase_syncs(tmp_path: Path) -> None:
    village, disk = Village(), Disk()

    async def run() -> list[object]:
        async with open_journal(
            tmp_path / "journal.db", village.identity, HandClock(NOW_S), version="test"
        ) as journal:
            await journal.apply_mail(village.mails)
            before = len(disk.operations)
            await buy(journal, village.members[0], 500_000)
            return [operation for operation in disk.operations[before:] if isinstance(operation, Sync)]

    with watched_disk(disk):
        assert asyncio.run(run()) == [Sync("journal.db-wal")]


def test_after_the_first_quiet_moment_no_purchase_makes_a_file_longer(tmp_path: Path) -> None:
    """What grows has the file system write its own journal: five to seven blocks more."""
    village, path = Village(members=FOLD_AT_ENTRIES), tmp_path / "journal.db"

    async def run() -> list[tuple[int, int]]:
        async with open_journal(path, village.identity, HandClock(NOW_S), version="test") as journal:
            await journal.apply_mail(village.mails)
            await journal.checkpoint()
            sizes = []
            for member in village.members:
                await buy(journal, member, 100_000)
                sizes.append((path.stat().st_size, path.with_name("journal.db-wal").stat().st_size))
            return sizes

    database, log = zip(*asyncio.run(run()), strict=True)
    assert len(set(database)) == 1
    assert set(log) == {LOG_BYTES}


def test_a_machine_that_stops_with_a_filled_log_has_all_that_was_confirmed(tmp_path: Path) -> None:
    village, path = Village(), tmp_path / "journal.db"
    cut = tmp_path / "cut"
    cut.mkdir()

    async def run() -> int:
        async with open_journal(path, village.identity, HandClock(NOW_S), version="test") as journal:
            await journal.apply_mail(village.mails)
            await journal.checkpoint()
            entry = await buy(journal, village.members[0], 500_000)
            for name in ("journal.db", "journal.db-wal"):
                (cut / name).write_bytes((tmp_path / name).read_bytes())
            return entry.sequence

    last = asyncio.run(run())
    assert (cut / "journal.db-wal").stat().st_size == LOG_BYTES
    assert start_again(village, cut / "journal.db") == (last + 1, 0)
