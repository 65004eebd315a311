"""A clock that a test moves by hand; keeps the port `firmware.clock.Clock`."""

from __future__ import annotations

import asyncio

DAY_S = 86_400
IRAN_OFFSET_S = 12_600


def iran_day_start_s(at_s: int) -> int:
    """Unix seconds of 00:00 in Iran on the day of `at_s`."""
    return (at_s + IRAN_OFFSET_S) // DAY_S * DAY_S - IRAN_OFFSET_S


class HandClock:
    def __init__(self, now_s: int, *, has_chip: bool = True) -> None:
        self.monotonic = 1_000_000
        self.wall_s = now_s
        self.has_chip = has_chip

    def monotonic_ms(self) -> int:
        return self.monotonic

    def chip_s(self) -> int | None:
        return self.wall_s if self.has_chip else None

    async def sleep_ms(self, duration_ms: int) -> None:
        self.advance_s(duration_ms // 1000)
        await asyncio.sleep(0)

    def advance_s(self, seconds: int) -> None:
        self.monotonic += seconds * 1000
        self.wall_s += seconds

    def power_cycle(self) -> None:
        """The monotonic clock begins again; a chip goes on."""
        self.monotonic = 5_000
