"""A center that is open: its folder, store, keys and clock, and the worker processes that check signatures.

Whoever opens it is the only process that has it. Everything that people order and devices send works on this.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from sync.central import keys as key_files
from sync.central import store as stores
from sync.central.errors import StoreFailed
from sync.central.store import Store, open_store
from sync.central.workers import Workers, processes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Callable, Sequence
    from concurrent.futures import Executor

    from sync.central.clock import Clock
    from sync.central.config import Folder
    from sync.central.keys import Chance, Keys
    from sync.wire.batches.batch_tables import Dictionary

T = TypeVar("T")


class Center(Struct, frozen=True):
    """What works together in one process. `dictionaries` are those that devices' batches named last, by their names; the
    exchange bounds them.
    """

    folder: Folder
    store: Store
    keys: Keys
    clock: Clock
    chance: Chance
    workers: Workers
    dictionaries: dict[bytes, Dictionary] = field(default_factory=dict)

    async def run(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction; see `Store.run`."""
        return await self.store.run(step)

    async def work(self, function: Callable[[], T]) -> T:
        """What a picklable `function` returns from a worker process; see `Workers.run`."""
        return await self.workers.run(function)

    def work_each(self, functions: Sequence[Callable[[], T]]) -> AsyncIterator[T]:
        """The same for several at once; results in order."""
        return self.workers.run_each(functions)


def found(folder: Folder, *, now_s: int, chance: Chance = secrets.token_bytes) -> Keys:
    """Make a new center in an empty folder: keys, delegations, store. Raises: StoreFailed; then there is no store."""
    stores.create(folder.database)
    try:
        key_files.create(folder, now_s=now_s, chance=chance)
    except StoreFailed:
        folder.database.unlink()
        raise
    return key_files.load(folder)


@asynccontextmanager
async def open_center(
    folder: Folder,
    clock: Clock,
    chance: Chance = secrets.token_bytes,
    make_workers: Callable[[], Executor] = processes,
) -> AsyncIterator[Center]:
    """The center in `folder`, with worker processes unless others are given. Raises: StoreFailed, InUse."""
    async with open_store(folder.database, lock=folder.lock) as store:
        keys = key_files.load(folder)
        workers = Workers(make_workers)
        try:
            yield Center(folder, store, keys, clock, chance, workers)
        finally:
            await workers.close()
