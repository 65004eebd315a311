"""How long a household waits between its last key and the committed purchase, and how often the disk syncs for it.

The floor is what no till can save: one signature and one block brought to the same disk.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from tests.benchmarks.blocked_printer import blocked_over_quiet
from tests.benchmarks.counter import Counter
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.workload import Village
from tests.fakes.disk import Disk, Sync, watched_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.benchmarks.progress import Tell

BLOCK_BYTES = 4096
SIGNED_BYTES = 300
"""About what an entry's signature covers."""
CARD_SYNC_MS = 5
ROUNDS = 400
ROUNDS_ON_CARD = 120
COUNTED = 100


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """The figures of one purchase."""
    village = Village(folder)
    quick = await _over_floor(village, "quick.db", rounds=ROUNDS, sync_ms=0)
    with watched_disk(Disk(sync_ms=CARD_SYNC_MS, keeps_writes=False)):
        on_card = await _over_floor(village, "card.db", rounds=ROUNDS_ON_CARD, sync_ms=CARD_SYNC_MS)
    return {
        "authorize_over_floor": quick,
        "authorize_over_floor_5ms": on_card,
        "fdatasyncs_per_purchase": await _syncs(village),
        "authorize_blocked_printer": await blocked_over_quiet(village),
    }


async def _over_floor(village: Village, name: str, *, rounds: int, sync_ms: float) -> float:
    async with village.journal(name) as journal:
        counter, sales = Counter(journal, village.folder), village.sales()
        await counter.open()

        async def sell_s(number: int) -> float:
            await counter.rest(number)
            await counter.ring_up(next(sales))
            return await counter.last_key_s()

        with _floor(village, sync_ms) as floor:

            async def floor_s(_: int) -> float:
                return floor()

            return (await interleaved(sell_s, floor_s, rounds=rounds)).ratio


@contextmanager
def _floor(village: Village, sync_ms: float) -> Iterator[Callable[[], float]]:
    """Sign and overwrite one block, timed. A card's slowness is slept, as the fake disk does."""
    message, block = bytes(SIGNED_BYTES), bytes(BLOCK_BYTES)
    descriptor = os.open(village.folder / "floor", os.O_RDWR | os.O_CREAT)
    os.pwrite(descriptor, block, 0)
    os.fsync(descriptor)

    def once_s() -> float:
        start_s = time.perf_counter()
        village.key.sign(message)
        os.pwrite(descriptor, block, 0)
        if sync_ms:
            time.sleep(sync_ms / 1000)
        os.fdatasync(descriptor)
        return time.perf_counter() - start_s

    try:
        yield once_s
    finally:
        os.close(descriptor)


async def _syncs(village: Village) -> float:
    """Of all counted purchases the number of syncs that is farthest from one, whoever asked for them."""
    disk, counts = Disk(keeps_writes=False), []
    with watched_disk(disk), _noticing_os(disk):
        async with village.journal("counted.db") as journal:
            counter, sales = Counter(journal, village.folder), village.sales()
            await counter.open()
            for number in range(COUNTED):
                await counter.ring_up(next(sales))
                before = disk.syncs()
                await counter.last_key_s()
                counts.append(disk.syncs() - before)
                await counter.rest(number)
    return max(counts, key=lambda count: abs(count - 1))


@contextmanager
def _noticing_os(disk: Disk) -> Iterator[None]:
    """Python's own syncs, such as a draft's would be, count as SQLite's do."""

    def noticed(sync: Callable[[int], None]) -> Callable[[int], None]:
        def synced(descriptor: int) -> None:
            disk.operations.append(Sync(str(descriptor)))
            sync(descriptor)

        return synced

    with patch.object(os, "fsync", noticed(os.fsync)), patch.object(os, "fdatasync", noticed(os.fdatasync)):
        yield
