"""The center's store: SQLite, one process, one connection, one owner; WAL with FULL sync.

A transaction is one function of the connection, sent whole to aiosqlite's worker and shielded: one whose caller was
canceled is rolled back unless it was just being committed, and no two tasks share a transaction. SQLite before 3.51.3
can lose a WAL that two connections reset, so a lock file keeps the database to one process and the connection is
exclusive; everybody else gives orders to the process that has it (`sync.central.doors.control`).

The modules of this package hold the SQL of the tables they own; only this one opens, begins and commits.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Generic, TypeVar

import aiosqlite

from sync.central.errors import CentralError, StoreFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

T = TypeVar("T")
SCHEMA_VERSION = 2
STEPS_BETWEEN_LOOKS = 1000
"""Of SQLite's machine, between looks whether a transaction's caller still waits."""


class InUse(CentralError):
    """Another process has the store open."""

    code = "in-use"


class Store:
    """Owner of the connection."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """What `step` returns, after its transaction is on disk; if it raises, nothing has changed.

        Raises: StoreFailed, and whatever CentralError `step` raises.
        """
        database = self._connection._conn  # noqa: SLF001 -- aiosqlite has no public way to send it one function
        attempt: _Attempt[T] = _Attempt()
        whole = self._connection._execute(attempt.make, database, step)  # noqa: SLF001 -- likewise
        try:
            await asyncio.shield(whole)
        except asyncio.CancelledError:
            attempt.given_up = True
            raise
        return attempt.outcome()


class _Attempt(Generic[T]):
    """One transaction, how it ended, and whether anybody still waits for that."""

    def __init__(self) -> None:
        self.given_up = False
        self._results: list[T] = []
        self._error: BaseException | None = None

    def make(self, database: sqlite3.Connection, step: Callable[[sqlite3.Connection], T]) -> None:
        """Run in the connection's thread. Raises nothing: a caller that has gone could not take it."""
        try:
            self._results.append(_in_transaction(database, step, lambda: self.given_up))
        except BaseException as error:  # noqa: BLE001 -- it is raised where it is awaited
            self._error = error

    def outcome(self) -> T:
        """What the step returned. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]


def create(path: Path) -> None:
    """Make an empty store. Raises: StoreFailed, when there is one already."""
    _make_private(path)
    schema = files("sync.central").joinpath("schema.sql").read_text()
    try:
        database = _connect(path)
        try:
            database.executescript(f"BEGIN; {schema} COMMIT;")
        finally:
            database.close()
    except sqlite3.Error as error:
        path.unlink()
        raise StoreFailed(f"{path}: {error}") from None


@asynccontextmanager
async def open_store(path: Path, *, lock: Path) -> AsyncIterator[Store]:
    """The store at `path`, for this process alone. Raises: StoreFailed, InUse."""
    descriptor = _locked(path, lock)
    try:
        async with aiosqlite.Connection(partial(_connect, path), iter_chunk_size=64) as connection:
            store = Store(connection)
            await store.run(_check_schema)
            yield store
    except sqlite3.Error as error:
        raise StoreFailed(f"{path}: {error}") from None
    finally:
        os.close(descriptor)


def _make_private(path: Path) -> None:
    """An empty file that only its owner reads: cards' secrets and announcement codes will stand in it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA foreign_keys = ON")
    return database


def _locked(path: Path, lock: Path) -> int:
    try:
        there = path.exists()
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None
    if not there:
        raise StoreFailed(
            f"{path.parent} is not a center's folder: name the center's with --center DIR or SOFREH_CENTER"
        )
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreFailed(f"{lock}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise InUse(f"{path.parent} is in use by another process that takes no orders") from None
    return descriptor


def _check_schema(database: sqlite3.Connection) -> None:
    try:
        found = database.execute("SELECT schema FROM center").fetchone()["schema"]
    except sqlite3.OperationalError:
        raise StoreFailed(
            "the store is not one of a center, or was not finished by 'sofreh-central init'"
        ) from None
    if found != SCHEMA_VERSION:
        raise StoreFailed(f"the store has schema {found}, this program knows {SCHEMA_VERSION}")


def _in_transaction(
    database: sqlite3.Connection, step: Callable[[sqlite3.Connection], T], given_up: Callable[[], bool]
) -> T:
    try:
        database.execute("BEGIN IMMEDIATE")
        try:
            database.set_progress_handler(given_up, STEPS_BETWEEN_LOOKS)
            result = step(database)
            database.set_progress_handler(None, 0)
            database.execute("ROLLBACK" if given_up() else "COMMIT")
        except BaseException:
            database.set_progress_handler(None, 0)
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise StoreFailed(f"{type(error).__name__}: {error}") from error
    return result
