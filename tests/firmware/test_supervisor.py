"""A task outlives only the errors that it names; waits are virtual."""

from __future__ import annotations

import asyncio
import json

import pytest

from drivers.errors import DeviceGone, DriverError
from firmware.log import Level, Log
from firmware.supervisor import RESTART_MAX_MS, Job, Supervisor


class Clock:
    """Waiting takes no time, and is remembered."""

    def __init__(self) -> None:
        self.ms = 0
        self.waits_ms: list[int] = []

    def now_ms(self) -> int:
        return self.ms

    async def sleep_ms(self, duration_ms: int) -> None:
        self.waits_ms.append(duration_ms)
        self.ms += duration_ms
        await asyncio.sleep(0)


def supervise(clock: Clock, *jobs: Job, until: asyncio.Event) -> list[str]:
    lines: list[str] = []
    log = Log(lines.append, level=Level.DEBUG, monotonic_ms=clock.now_ms)
    supervisor = Supervisor(log=log, sleep_ms=clock.sleep_ms, monotonic_ms=clock.now_ms)
    asyncio.run(supervisor.run(jobs, until=until))
    return lines


class Flaky:
    """Fails `times` times, lives `lives_ms` each time, then asks for the end."""

    def __init__(self, clock: Clock, times: int, until: asyncio.Event, *, lives_ms: int = 0) -> None:
        self.clock = clock
        self.left = times
        self.until = until
        self.lives_ms = lives_ms

    async def run(self) -> None:
        self.clock.ms += self.lives_ms
        if self.left:
            self.left -= 1
            raise DeviceGone("scanner: unplugged")
        self.until.set()
        await asyncio.Event().wait()


def test_a_lost_device_is_opened_again_after_a_wait_that_doubles() -> None:
    clock, until = Clock(), asyncio.Event()
    flaky = Flaky(clock, 9, until)
    lines = supervise(clock, Job("scanner", flaky.run, (DriverError,)), until=until)
    assert clock.waits_ms == [250, 500, 1_000, 2_000, 3_000, 3_000, 3_000, 3_000, 3_000]
    assert len(lines) == 9
    told = json.loads(lines[0])
    assert (told["job"], told["error"]) == ("scanner", "scanner: unplugged")


@pytest.mark.parametrize(
    ("lives_ms", "second_ms"), [(RESTART_MAX_MS, 500), (RESTART_MAX_MS + 1, 250)], ids=["briefly", "long"]
)
def test_a_task_that_lived_long_starts_over_with_short_waits(lives_ms: int, second_ms: int) -> None:
    clock, until = Clock(), asyncio.Event()
    flaky = Flaky(clock, 2, until, lives_ms=lives_ms)
    supervise(clock, Job("scanner", flaky.run, (DriverError,)), until=until)
    assert clock.waits_ms == [250, second_ms]


def test_any_other_error_ends_all_tasks() -> None:
    ended: list[str] = []

    async def patient() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("patient")

    async def broken() -> None:
        raise KeyError("a programmer's error")

    jobs = (Job("patient", patient, (DriverError,)), Job("broken", broken, (DriverError,)))
    with pytest.raises(ExceptionGroup) as caught:
        supervise(Clock(), *jobs, until=asyncio.Event())
    assert caught.group_contains(KeyError)
    assert ended == ["patient"]


def test_a_task_that_just_returns_is_a_programmer_s_error() -> None:
    async def short() -> None:
        return

    with pytest.raises(ExceptionGroup) as caught:
        supervise(Clock(), Job("short", short), until=asyncio.Event())
    assert caught.group_contains(AssertionError, match="short ended by itself")


def test_the_end_cancels_every_task_and_returns() -> None:
    ended: list[str] = []
    until = asyncio.Event()

    async def patient() -> None:
        until.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("patient")

    supervise(Clock(), Job("patient", patient), until=until)
    assert ended == ["patient"]
