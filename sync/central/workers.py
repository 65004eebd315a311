"""The worker processes: what computes long goes there, for one loop serves everybody. What they run is pure, and may run
again: a process that died (no memory, an operator's kill) is replaced, and its work is begun once more. None outlives the process
that began it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import BrokenExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sync.central.errors import CentralError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from concurrent.futures import Executor
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
TRIES = 2
PROCESSES_MAX = 4


def processes() -> Executor:
    """A pool of processes that leave an interrupt at the terminal to the one that has the store, and end when that one ends."""
    # Most orders need none, and are over sooner than these are loaded.
    import multiprocessing  # noqa: PLC0415 -- see above
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 -- see above

    count = min(PROCESSES_MAX, os.cpu_count() or 1)
    pool = ProcessPoolExecutor(
        max_workers=count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
    )
    # All are begun at once: one that was begun while the pool learns that another died would be waited for without end.
    for _ in range(count):
        pool.submit(abs, 0)
    return pool


def _begin() -> None:
    """First thing in a worker. It waits for work on a pipe that its siblings hold open, too, so nothing but the parent's own
    end tells it that the parent was killed.
    """
    import multiprocessing  # noqa: PLC0415 -- as above; whoever begins here has loaded it
    import threading  # noqa: PLC0415, TID251 -- there is no loop here: the one other thread is busy with the work itself

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is somebody's child"
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


class Workers:
    """Owner of a pool, which `make` makes when it is first needed, and anew when it broke."""

    def __init__(self, make: Callable[[], Executor] = processes) -> None:
        self._make = make
        self._made: Executor | None = None

    async def run(self, function: Callable[[], T]) -> T:
        """What a picklable `function` returns. Raises: CentralError, when its process died each time."""
        for _ in range(TRIES):
            pool = self._pool
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, function)
            except BrokenExecutor:
                self._replace(pool)
        raise CentralError("a worker process died; nothing was changed")

    async def run_each(self, functions: Sequence[Callable[[], T]]) -> AsyncIterator[T]:
        """The same for several at once; results in order. Raises: CentralError."""
        for function, begun in [(function, self._begin(function)) for function in functions]:
            try:
                yield await begun
            except BrokenExecutor:
                yield await self.run(function)

    async def close(self) -> None:
        """End the processes, once each has done what it is doing."""
        if self._made is not None:
            end = partial(self._made.shutdown, cancel_futures=True)
            await asyncio.get_running_loop().run_in_executor(None, end)

    @property
    def _pool(self) -> Executor:
        if self._made is None:
            self._made = self._make()
        return self._made

    def _begin(self, function: Callable[[], T]) -> asyncio.Future[T]:
        try:
            return asyncio.get_running_loop().run_in_executor(self._pool, function)
        except BrokenExecutor:
            self._replace(self._pool)
            return asyncio.get_running_loop().run_in_executor(self._pool, function)

    def _replace(self, broken: Executor) -> None:
        """Several callers may learn of the same broken pool; the first replaces it."""
        if broken is self._made:
            broken.shutdown(wait=False)
            self._made = None
