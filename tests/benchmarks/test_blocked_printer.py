"""What the figure measures is a rule as well: the last key waits for no printer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.benchmarks.blocked_printer import Till
from tests.benchmarks.busy_scanner import busy_scanner
from tests.benchmarks.workload import Village

if TYPE_CHECKING:
    from pathlib import Path

A_MOMENT_S = 1.0
"""Far less than the printer's own patience, far more than a commit."""


def test_a_purchase_is_committed_at_once_although_printer_and_buzzer_hang(tmp_path: Path) -> None:
    village = Village(tmp_path)

    async def story() -> None:
        async with village.journal("journal.db") as journal:
            till, sales = Till(village, journal), village.sales()
            async with till.running(), busy_scanner(till.scanner) as scanner:
                assert await till.busy_s(next(sales), scanner) < A_MOMENT_S
                assert await till.quiet_s(next(sales)) < A_MOMENT_S
            assert journal.counters.purchases == 2

    asyncio.run(story())
