"""A center that is open: its folder, store, keys and clock, and the worker processes that check signatures.

Whoever opens it is the only process that has it. Everything that people order and devices send works on this.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sync.central import keys as key_files
from sync.central import store as stores
from sync.central.clock import Clock
from sync.central.config import Folder
from sync.central.errors import CentralError
from sync.central.keys import Chance, Keys
from sync.central.store import Store, open_store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Callable, Sequence


T = TypeVar("T")
WORKER_DIED = "a worker process died; nothing was changed"


@dataclass(frozen=True, slots=True)
class Center:
    """What works together in one process."""

    folder: Folder
    store: Store
    keys: Keys
    clock: Clock
    chance: Chance
    workers: Executor

    async def run(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction; see `Store.run`."""
        return await self.store.run(step)

    async def work(self, function: Callable[[], T]) -> T:
        """What a picklable `function` returns from a worker process. Raises: CentralError, when the worker died."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self.workers, function)
        except BrokenProcessPool:
            raise CentralError(WORKER_DIED) from None

    async def work_each(self, functions: Sequence[Callable[[], T]]) -> AsyncIterator[T]:
        """The same for several at once; results in order. Raises: CentralError, when a worker died."""
        loop = asyncio.get_running_loop()
        for future in [loop.run_in_executor(self.workers, function) for function in functions]:
            try:
                yield await future
            except BrokenProcessPool:
                raise CentralError(WORKER_DIED) from None


def found(folder: Folder, *, now_s: int, chance: Chance = secrets.token_bytes) -> Keys:
    """Make a new center in an empty folder: keys, delegations, store. Raises: StoreFailed."""
    stores.create(folder.database)
    key_files.create(folder, now_s=now_s, chance=chance)
    return key_files.load(folder)


@asynccontextmanager
async def open_center(
    folder: Folder, clock: Clock, chance: Chance = secrets.token_bytes, workers: Executor | None = None
) -> AsyncIterator[Center]:
    """The center in `folder`, with worker processes unless others are given. Raises: StoreFailed, InUse."""
    async with open_store(folder.database, lock=folder.lock) as store:
        keys = key_files.load(folder)
        workers = workers or ProcessPoolExecutor(
            max_workers=min(4, os.cpu_count() or 1), mp_context=multiprocessing.get_context("spawn")
        )
        try:
            yield Center(folder, store, keys, clock, chance, workers)
        finally:
            await asyncio.get_running_loop().run_in_executor(
                None, partial(workers.shutdown, cancel_futures=True)
            )
