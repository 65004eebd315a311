"""What time it is, and how far that is to be believed.

Time is an interval with a grade (`sync.wire.kinds.Grade`):

    trusted    the center's signed time of this boot, or a clock chip that was compared with one and goes on from it
    estimated  a clock chip without such a comparison or long unwatched, or a trusted time carried on by the monotonic
               clock alone
    stated     a cold start without a chip: the keyed day from 00:00 to 24:00, carried on
    doubtful   nobody has said anything yet; only the floor is certain

Opening a tranche needs the lower end, expiry the upper (`firmware.entitlements`). Only trusted times raise the floor.
The order of entries is the chain's, never the clock's.
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from firmware.errors import ClockRefused, ConfigError
from sync.wire.entry import TimeInterval
from sync.wire.kinds import Grade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY_S = 86_400
DRIFT_PPM = 100
"""Bound for the crystals of boards and clock chips over their temperatures."""
TRUSTED_FOR_S = 6 * 3600
"""How long the monotonic clock alone carries a signed time before it counts as estimated."""
SIGNED_WITHIN_MS = 600_000
"""A signed time whose answer took longer tells too little: no exchange may wait that long (`center.timeout_ms`)."""
DOUBT_SPAN_S = 10 * 365 * DAY_S
JUMP_MAX_S = 400 * DAY_S
"""How far ahead of the floor a keyed day, or a clock chip at power-on, may lie."""
CHIP_TRUSTED_FOR_S = 31 * DAY_S
"""How far ahead of the floor a compared chip is still trusted at power-on: a chip gone wild must not raise the floor."""
CHIP_ERROR_S = 5
"""Bound for what a comparison of chip and signed time leaves open: its round trip, whole seconds, small shifts."""
_CLOCK_FILE = struct.Struct("<qqq")


class Clock(Protocol):
    """The hardware: a monotonic counter, perhaps a clock chip, and waiting."""

    def monotonic_ms(self) -> int:
        """Milliseconds that only rise while the process lives."""

    def chip_s(self) -> int | None:
        """Unix seconds of the clock chip, or None where there is none."""

    async def sleep_ms(self, duration_ms: int) -> None:
        """Wait in real time."""


class SystemClock(Struct, frozen=True):
    """The machine's own clocks."""

    has_chip: bool

    def monotonic_ms(self) -> int:
        """See `Clock`."""
        return time.monotonic_ns() // 1_000_000

    def chip_s(self) -> int | None:
        """See `Clock`."""
        return time.time_ns() // 1_000_000_000 if self.has_chip else None

    async def sleep_ms(self, duration_ms: int) -> None:
        """See `Clock`."""
        await asyncio.sleep(duration_ms / 1000)


class FileClock:
    """The clock of a simulation: three little-endian int64 in a file, chip time in ms, monotonic ms, spare."""

    def __init__(self, path: Path, *, has_chip: bool) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if os.fstat(self._descriptor).st_size < _CLOCK_FILE.size:
            raise ConfigError(f"{path}: not the clock file of a simulation")
        self._has_chip = has_chip

    def monotonic_ms(self) -> int:
        """See `Clock`."""
        return self._read()[1]

    def chip_s(self) -> int | None:
        """See `Clock`."""
        return self._read()[0] // 1000 if self._has_chip else None

    async def sleep_ms(self, duration_ms: int) -> None:
        """See `Clock`: the simulated clock is moved by others, waiting is real."""
        await asyncio.sleep(duration_ms / 1000)

    def _read(self) -> tuple[int, int, int]:
        wall_ms, monotonic_ms, spare = _CLOCK_FILE.unpack(os.pread(self._descriptor, _CLOCK_FILE.size, 0))
        return wall_ms, monotonic_ms, spare


class _Anchor(Struct, frozen=True):
    """A time that was learned at one reading of the hardware."""

    time: TimeInterval
    monotonic_ms: int
    chip_s: int | None


class TimeKeeper:
    """The appliance's own idea of the time. Owned by the journal's writer; anyone may ask `now`.

    `floor_s` is the latest trusted lower bound that the journal knows. `chip_shift_s` is what the journal's last
    trusted comparison found to add to the chip, `compared_s` the center's time at the last one.
    """

    def __init__(
        self, clock: Clock, *, floor_s: int, chip_shift_s: int | None, compared_s: int | None = None
    ) -> None:
        self._clock = clock
        self._floor_s = floor_s
        self._compared_s = floor_s if compared_s is None else compared_s
        self.chip_shift_s = chip_shift_s
        self._anchor = self._first_anchor(chip_shift_s)

    def now(self) -> TimeInterval:
        """The present interval."""
        anchor = self._anchor
        elapsed_ms = max(0, self._clock.monotonic_ms() - anchor.monotonic_ms)
        elapsed_s, drift_s = elapsed_ms // 1000, _drift_s(elapsed_ms // 1000)
        grade = anchor.time.grade
        if grade is Grade.TRUSTED and elapsed_s > TRUSTED_FOR_S and not self._chip_agrees(elapsed_s, drift_s):
            grade = Grade.ESTIMATED
        if grade is Grade.DOUBTFUL:
            return TimeInterval(not_before_s=self._floor_s, span_s=DOUBT_SPAN_S, grade=grade)
        not_before_s = max(anchor.time.not_before_s + elapsed_s - drift_s, self._floor_s)
        not_after_s = max(anchor.time.not_after_s + _up(elapsed_ms, 1000) + drift_s, not_before_s)
        return TimeInterval(not_before_s=not_before_s, span_s=not_after_s - not_before_s, grade=grade)

    def accept_signed(self, now_s: int, *, round_trip_ms: int) -> int | None:
        """Take the center's fresh signed time; it may set the clock back.

        Returns:
            What is to be added to the chip, in seconds, or None without a chip.
        """
        span_s = _up(round_trip_ms, 1000) + 1
        learned = TimeInterval(not_before_s=now_s, span_s=span_s, grade=Grade.TRUSTED)
        self._floor_s = min(self._floor_s, now_s)
        self._set(learned)
        chip_s = self._clock.chip_s()
        return None if chip_s is None else now_s - chip_s

    def state_day(self, day_start_s: int) -> None:
        """Take the day that the shopkeeper keyed, as Unix seconds of its 00:00 in Iran.

        Raises:
            ClockRefused: the whole day lies behind the floor, or more than 400 days ahead of it, or the time is
                trusted already.
        """
        if self.now().grade is Grade.TRUSTED:
            raise ClockRefused("the time is known from the center")
        if day_start_s + DAY_S <= self._floor_s:
            raise ClockRefused("the day lies behind what is certain")
        if day_start_s > self._floor_s + JUMP_MAX_S:
            raise ClockRefused("the day lies too far ahead")
        start_s = max(day_start_s, self._floor_s)
        self._set(
            TimeInterval(not_before_s=start_s, span_s=day_start_s + DAY_S - start_s, grade=Grade.STATED)
        )

    def carried(self, now_s: int) -> None:
        """Take the center's signed time off a stick: it was no earlier than this when the answer was written.

        A clock that lies behind it is set forward, and is no longer trusted.
        """
        before = self.now()
        self._floor_s = max(self._floor_s, now_s)
        if before.not_after_s < now_s:
            grade = min(before.grade, Grade.ESTIMATED)
            self._set(TimeInterval(not_before_s=now_s, span_s=before.span_s, grade=grade))

    def raise_floor(self, entry_time: TimeInterval) -> None:
        """A trusted time stands in the journal now: nothing later may lie before it."""
        if entry_time.grade is Grade.TRUSTED:
            self._floor_s = max(self._floor_s, entry_time.not_before_s)

    def _first_anchor(self, chip_shift_s: int | None) -> _Anchor:
        chip_s = self._clock.chip_s()
        monotonic_ms = self._clock.monotonic_ms()
        now_s = (chip_s or 0) + (chip_shift_s or 0)
        if chip_s is None or not self._floor_s - CHIP_ERROR_S <= now_s <= self._floor_s + JUMP_MAX_S:
            doubt = TimeInterval(not_before_s=self._floor_s, span_s=DOUBT_SPAN_S, grade=Grade.DOUBTFUL)
            return _Anchor(doubt, monotonic_ms, chip_s)
        # Since the comparison, not since the floor: the chip itself has raised the floor, and its drift adds up.
        error_s = _drift_s(max(0, now_s - self._compared_s)) + CHIP_ERROR_S
        trusted = chip_shift_s is not None and now_s <= self._floor_s + CHIP_TRUSTED_FOR_S
        grade = Grade.TRUSTED if trusted else Grade.ESTIMATED
        time = TimeInterval(not_before_s=now_s - error_s, span_s=2 * error_s, grade=grade)
        return _Anchor(time, monotonic_ms, chip_s)

    def _chip_agrees(self, elapsed_s: int, drift_s: int) -> bool:
        chip_s = self._clock.chip_s()
        if chip_s is None or self._anchor.chip_s is None:
            return False
        return abs(chip_s - self._anchor.chip_s - elapsed_s) <= 2 * drift_s + 2

    def _set(self, learned: TimeInterval) -> None:
        self._anchor = _Anchor(learned, self._clock.monotonic_ms(), self._clock.chip_s())


def agrees(
    keeper: TimeKeeper, *, system_s: Callable[[], int] = lambda: time.time_ns() // 1_000_000_000
) -> bool:
    """Whether the system's clock is good enough to judge certificates by: within a day of what the journal knows."""
    now = keeper.now()
    if now.grade is Grade.DOUBTFUL:
        return False
    return now.not_before_s - DAY_S <= system_s() <= now.not_after_s + DAY_S


def _drift_s(elapsed_s: int) -> int:
    return _up(elapsed_s * DRIFT_PPM, 1_000_000)


def _up(amount: int, step: int) -> int:
    return -(-amount // step)
