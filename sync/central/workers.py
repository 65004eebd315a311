"""The worker processes: what computes long goes there, for one loop serves everybody. What they run is pure, and may run
again: a process that died (no memory, an operator's kill) is replaced, and its work is begun once more.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sync.central.errors import CentralError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

T = TypeVar("T")
TRIES = 2
PROCESSES_MAX = 4


def processes() -> Executor:
    """A pool of processes that leave an interrupt at the terminal to the one that has the store."""
    return ProcessPoolExecutor(
        max_workers=min(PROCESSES_MAX, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )


class Workers:
    """Owner of a pool, which `make` makes, and makes anew when it broke."""

    def __init__(self, make: Callable[[], Executor] = processes) -> None:
        self._make = make
        self._pool = make()

    async def run(self, function: Callable[[], T]) -> T:
        """What a picklable `function` returns. Raises: CentralError, when its process died each time."""
        for _ in range(TRIES):
            pool = self._pool
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, function)
            except BrokenProcessPool:
                self._replace(pool)
        raise CentralError("a worker process died; nothing was changed")

    async def run_each(self, functions: Sequence[Callable[[], T]]) -> AsyncIterator[T]:
        """The same for several at once; results in order. Raises: CentralError."""
        for function, begun in [(function, self._begin(function)) for function in functions]:
            try:
                yield await begun
            except BrokenProcessPool:
                yield await self.run(function)

    async def close(self) -> None:
        """End the processes, once each has done what it is doing."""
        await asyncio.get_running_loop().run_in_executor(
            None, partial(self._pool.shutdown, cancel_futures=True)
        )

    def _begin(self, function: Callable[[], T]) -> asyncio.Future[T]:
        try:
            return asyncio.get_running_loop().run_in_executor(self._pool, function)
        except BrokenProcessPool:
            self._replace(self._pool)
            return asyncio.get_running_loop().run_in_executor(self._pool, function)

    def _replace(self, broken: Executor) -> None:
        """Several callers may learn of the same broken pool; the first replaces it."""
        if broken is self._pool:
            broken.shutdown(wait=False)
            self._pool = self._make()
