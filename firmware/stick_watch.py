"""A stick that is put in exchanges by itself: answers are taken, questions written, the till beeps and prints that it may go.

One visit a stick: it is looked for each second, and must have gone before the next. No purchase waits for it; the slip prints when
nobody is at the counter. What is mounted where is the image's. The watchdog does not look here: a stick that hangs, and some do for
minutes, is no reason to start a till anew that sells.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from firmware.errors import JournalFull
from firmware.receipt.stick_slips import StickVisited
from sync import stick
from sync.stick import StickFailed
from sync.wire.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from firmware.log import Log

LOOK_EVERY_MS = 1_000


class StickWatch:
    """Owns the stick while it is in. `visit` is `Courier.visit`, counted; `tell` hands what became of it to the conversation."""

    def __init__(
        self,
        folder: Path,
        visit: Callable[[Path], Awaitable[StickVisited]],
        *,
        tell: Callable[[StickVisited], Awaitable[None]],
        log: Log,
        sleep_ms: Callable[[int], Awaitable[None]],
    ) -> None:
        self._folder = folder
        self._visit = visit
        self._tell = tell
        self._log = log
        self._sleep_ms = sleep_ms

    async def run(self) -> None:
        """Look for a stick for ever."""
        was_in = False
        while True:
            is_in = await asyncio.to_thread(stick.is_in, self._folder)
            if is_in and not was_in:
                await self._tell(await self._visited())
            was_in = is_in
            await self._sleep_ms(LOOK_EVERY_MS)

    async def _visited(self) -> StickVisited:
        try:
            visited = await self._visit(self._folder)
        except (StickFailed, JournalFull, WireError) as error:
            self._log.warning("stick", error=str(error))
            return StickVisited(failed=True)
        self._log.info("stick", taken=visited.taken, wrong=visited.wrong, written=visited.written)
        return visited
