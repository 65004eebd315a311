"""The center's store: SQLite, one process, one connection, one owner; WAL with FULL sync.

A transaction is one function of the connection, sent whole to aiosqlite's worker and shielded: a canceled caller
does not know the outcome, but nothing is left half done, and no two tasks share a transaction. SQLite before 3.51.3
can lose a WAL that two connections reset, so a lock file keeps the database to one process and the connection is
exclusive; everybody else gives orders to the process that has it (`sync.central.control`).

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
from typing import TYPE_CHECKING, TypeVar

import aiosqlite

from sync.central.errors import CentralError, StoreFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

T = TypeVar("T")
SCHEMA_VERSION = 1


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
        whole = self._connection._execute(_in_transaction, database, step)  # noqa: SLF001
        result: T = await asyncio.shield(whole)
        return result


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
    if not path.exists():
        raise StoreFailed(f"{path.parent} is not a center's folder: make one with 'sofreh-central init'")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise InUse(f"{path.parent} is in use by another process that takes no orders") from None
    return descriptor


def _check_schema(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT schema FROM center").fetchone()["schema"]
    if found != SCHEMA_VERSION:
        raise StoreFailed(f"the store has schema {found}, this program knows {SCHEMA_VERSION}")


def _in_transaction(database: sqlite3.Connection, step: Callable[[sqlite3.Connection], T]) -> T:
    try:
        database.execute("BEGIN IMMEDIATE")
        try:
            result = step(database)
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise StoreFailed(f"{type(error).__name__}: {error}") from error
    return result
