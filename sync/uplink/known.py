"""What the center knows already when a batch begins: the dictionary that both make from the chain before it.

A center that does not hold what it should (an entry of it is lost there) asks for the entries another way; from then on
this process names no dictionary, so that each such question is asked once. Owns the dictionary that it made last.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.uplink.ports import Chain
    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import EntryBytes

BOUGHT_LEAST = 2
"""A single purchase costs less than a dictionary's name."""
READ_AT_ONCE = 32
"""Entries: each is proven when it is read back, and somebody's purchase waits for the same disk."""


class Known:
    """One device's; one task at a time asks."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._made_of: range | None = None
        self._dictionary: Dictionary | None = None
        self._is_of_use = True

    async def before(self, base: int, entries: Sequence[EntryBytes]) -> Dictionary | None:
        """That of a batch with these entries from `base` on; None where nothing is known, or it cannot pay."""
        bought = sum(stored.lines is not None and stored.private is not None for stored in entries)
        if not self._is_of_use or bought < BOUGHT_LEAST:
            return None
        from sync.wire.batches.known_before import (  # noqa: PLC0415 -- a till sells before it sends
            entries_before,
            known_from,
        )

        wanted = entries_before(base)
        if wanted != self._made_of:
            entries = await self._read(wanted)
            # In a thread, for somebody may stand at the counter.
            self._dictionary = await asyncio.to_thread(known_from, entries)
            self._made_of = wanted
        return self._dictionary

    def refused(self) -> None:
        """The center could not read a batch that named a dictionary."""
        self._is_of_use = False

    async def _read(self, wanted: range) -> list[EntryBytes]:
        entries: list[EntryBytes] = []
        for first in wanted[::READ_AT_ONCE]:
            most = min(READ_AT_ONCE, wanted.stop - first)
            entries += await self._chain.unsent_entries(first, most)
        return entries
