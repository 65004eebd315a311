"""A bounded queue between a reader callback and the one task that waits for it.

Rules: `put_newest` never waits; it drops the oldest item when the queue is full, and counts. A wait that times
out or is canceled loses nothing: an item leaves the queue only in the step that returns it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.errors import DriverError

Item = TypeVar("Item")


class NewestQueue(Generic[Item]):
    """Keeps the newest `items_max` items. Owner: the device that fills it; one task at a time takes from it."""

    def __init__(self, *, items_max: int) -> None:
        assert items_max > 0
        self._items: deque[Item] = deque()
        self._items_max = items_max
        self._changed = asyncio.Event()
        self._end: Callable[[], DriverError] | None = None
        self.dropped = 0

    def put_newest(self, item: Item) -> None:
        """Add `item`; if the queue is full, the oldest goes and `dropped` rises by one."""
        if len(self._items) == self._items_max:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._changed.set()

    def put_back(self, item: Item) -> None:
        """Make `item`, which was taken last, the next to be taken. It is not counted as new."""
        self._items.appendleft(item)
        self._changed.set()

    def end(self, error: Callable[[], DriverError]) -> None:
        """Say that nothing more will come: once empty, every `get` raises what `error` makes."""
        self._end = error
        self._changed.set()

    async def get(self, *, timeout_ms: int | None = None) -> Item | None:
        """Take the oldest item; None if none comes for `timeout_ms`.

        Raises: the error given to `end`, once the queue is empty.
        """
        if not self._items:
            await self._wait(timeout_ms)
        if self._items:
            return self._items.popleft()
        if self._end is not None:
            raise self._end()
        return None

    async def _wait(self, timeout_ms: int | None) -> None:
        try:
            async with asyncio.timeout(None if timeout_ms is None else timeout_ms / 1_000):
                while not self._items and self._end is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass  # an item that came in the same turn of the loop still counts
