"""One process, one connection; what was begun is whole or has not happened."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

import pytest

from sync.central import center as centers
from sync.central import keys
from sync.central.clock import FileClock, SystemClock
from sync.central.config import Folder
from sync.central.dates import day_of, day_start_s, moment_text
from sync.central.errors import CentralError, StoreFailed, WrongInput
from sync.central.store import InUse, open_store
from tests.sync.central.conftest import DEY_17, Chance

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab


def test_nobody_else_opens_an_open_store(lab: Lab) -> None:
    async def again() -> None:
        async with open_store(lab.folder.database, lock=lab.folder.lock):
            pass

    with pytest.raises(InUse, match="in use by another process"):
        asyncio.run(again())


def test_a_folder_without_a_store_is_named(tmp_path: Path) -> None:
    async def opened() -> None:
        async with open_store(tmp_path / "center.db", lock=tmp_path / "lock"):
            pass

    with pytest.raises(StoreFailed, match="is not a center's folder: name the center's with --center DIR"):
        asyncio.run(opened())


def test_a_center_that_could_not_be_founded_leaves_no_store(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "center")
    folder.keys.mkdir(parents=True)
    (folder.keys / "exchange.key").write_bytes(b"somebody's")
    with pytest.raises(StoreFailed, match=r"exchange\.key: File exists"):
        centers.found(folder, now_s=DEY_17, chance=Chance(0))
    assert not folder.database.exists()
    assert (folder.keys / "exchange.key").read_bytes() == b"somebody's"


def test_a_step_that_fails_changes_nothing(lab: Lab) -> None:
    def half(database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM mail")
        raise WrongInput("here", "no")

    before = len(lab.sql("SELECT 1 FROM mail"))
    with pytest.raises(WrongInput, match="here: no"):
        lab.run(lab.center.run(half))
    assert len(lab.sql("SELECT 1 FROM mail")) == before


def test_no_sqlite_error_leaves_the_store(lab: Lab) -> None:
    with pytest.raises(StoreFailed, match="OperationalError: no such table"):
        lab.sql("SELECT * FROM missing")


def test_a_transaction_whose_caller_was_canceled_ends_soon_and_changes_nothing(lab: Lab) -> None:
    async def cancel() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def endless(database: sqlite3.Connection) -> None:
            database.execute("UPDATE center SET epoch = 7")
            loop.call_soon_threadsafe(begun.set)
            database.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
            )

        task = loop.create_task(lab.center.run(endless))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    lab.run(cancel())
    assert lab.sql("SELECT epoch FROM center")[0]["epoch"] == 1


def test_writes_are_synced_in_full(lab: Lab) -> None:
    assert lab.sql("PRAGMA synchronous")[0][0] == 2
    assert lab.sql("PRAGMA journal_mode")[0][0] == "wal"


def test_a_store_of_another_schema_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "center")
    centers.found(folder, now_s=0, chance=Chance(1))
    with contextlib.closing(sqlite3.connect(folder.database)) as database, database:
        database.execute("UPDATE center SET schema = 3")

    async def opened() -> None:
        async with open_store(folder.database, lock=folder.lock):
            pass

    with pytest.raises(StoreFailed, match="has schema 3, this program knows 2"):
        asyncio.run(opened())


def test_private_files_are_their_owner_s(lab: Lab, tmp_path: Path) -> None:
    centers.found(Folder(tmp_path / "new"), now_s=DEY_17, chance=Chance(1))
    folder = Folder(tmp_path / "new")
    for path in (folder.database, folder.root_key, folder.keys / "mail.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_center_is_not_made_twice(lab: Lab) -> None:
    with pytest.raises(StoreFailed, match="File exists"):
        centers.found(lab.folder, now_s=0)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("mail.key", None, "No such file"),
        ("mail.key", bytes(31), "is not a key of 32 bytes"),
        ("mail.key", bytes(32), "mail.key is not the key that the root delegated"),
        ("encryption.key", b"\x07" * 32, "encryption.key is not the key that the root delegated"),
        ("mail.delegation", b"x", "keys: delegation"),
    ],
)
def test_a_key_that_is_missing_or_another_is_named(
    lab: Lab, tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    folder = Folder(tmp_path / "new")
    centers.found(folder, now_s=0, chance=Chance(1))
    (folder.keys / name).unlink()
    if data is not None:
        (folder.keys / name).write_bytes(data)
    with pytest.raises(StoreFailed, match=said):
        keys.load(folder)


def test_a_dead_worker_is_an_error_of_the_center(lab: Lab) -> None:
    def dies() -> None:
        raise BrokenProcessPool

    async def each() -> None:
        async for _ in lab.center.work_each([dies]):
            pass

    with pytest.raises(CentralError, match="worker process died"):
        lab.run(lab.center.work(dies))
    with pytest.raises(CentralError, match="worker process died"):
        lab.run(each())


def test_the_simulated_clock_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.write_bytes((1_767_731_400_999).to_bytes(8, "little") + bytes(16))
    assert FileClock(path).now_s() == 1_767_731_400
    path.write_bytes(bytes(23))
    with pytest.raises(WrongInput, match="has 23 of 24 bytes"):
        FileClock(path).now_s()
    path.unlink()
    with pytest.raises(WrongInput, match="No such file"):
        FileClock(path).now_s()
    assert SystemClock().now_s() > 1_700_000_000


@pytest.mark.parametrize(
    ("text", "at_s"),
    [
        ("1404-10-17", 1_767_731_400),
        ("۱۴۰۴-۱۰-۱۷", 1_767_731_400),
        ("1404-04-07", 1_751_056_200),
        ("1403-12-30", 1_742_416_200),
    ],
)
def test_days_begin_at_midnight_in_iran(text: str, at_s: int) -> None:
    assert day_start_s(text, where="test") == at_s
    assert day_of(at_s) == day_of(at_s + 86_399) == at_s
    assert day_of(at_s - 1) == at_s - 86_400


def test_a_moment_is_shown_in_iran_s_time() -> None:
    assert moment_text(1_767_731_400 + 8 * 3600 + 1800) == "1404-10-17 08:30"
