"""systemd is fed only while every task lives, and what holds the loop is named."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from typing import TYPE_CHECKING

import pytest

from firmware.log import Level, Log
from firmware.watchdog import BEAT_MS, LATE_MS, STUCK_MS, ServiceNotifier, Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Systemd:
    """The far side of the notification socket."""

    def __init__(self, path: Path, *, watchdog_ms: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(watchdog_ms * 1000)}

    def heard(self) -> list[str]:
        states = []
        while True:
            try:
                states.append(self._socket.recv(100).decode())
            except BlockingIOError:
                return states

    def close(self) -> None:
        self._socket.close()


class Bench:
    """A watchdog with a clock that is moved by hand."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.ms = 1_000_000
        self.lines: list[str] = []
        log = Log(self.lines.append, level=Level.DEBUG, monotonic_ms=self.now_ms)
        self.watchdog = Watchdog(
            ServiceNotifier(environment), log=log, monotonic_ms=self.now_ms, sleep_ms=self.sleep_ms
        )

    def now_ms(self) -> int:
        return self.ms

    async def sleep_ms(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify", watchdog_ms=30_000)
    yield made
    made.close()


def test_ready_is_told_once_start_up_is_over(systemd: Systemd) -> None:
    Bench(systemd.environment).watchdog.ready()
    assert systemd.heard() == ["READY=1"]


def test_systemd_is_fed_three_times_as_often_as_it_asks(systemd: Systemd) -> None:
    bench = Bench(systemd.environment)
    for later_ms, fed in ((0, True), (9_999, False), (1, True)):
        bench.ms += later_ms
        bench.watchdog.feed()
        assert bool(systemd.heard()) is fed


@pytest.mark.parametrize(("works_ms", "fed"), [(STUCK_MS, True), (STUCK_MS + 1, False)])
def test_a_stuck_task_starves_systemd(systemd: Systemd, works_ms: int, *, fed: bool) -> None:
    bench = Bench(systemd.environment)
    bench.watchdog.check_in("printer")
    with bench.watchdog.check_in("till").working():
        bench.ms += works_ms
        bench.watchdog.feed()
    assert systemd.heard() == (["WATCHDOG=1"] if fed else [])
    assert [json.loads(line).get("tasks") for line in bench.lines] == ([] if fed else [["till"]])


def test_a_waiting_task_is_not_stuck(systemd: Systemd) -> None:
    bench = Bench(systemd.environment)
    check_in = bench.watchdog.check_in("till")
    with check_in.working():
        pass
    bench.ms += 10 * STUCK_MS
    bench.watchdog.feed()
    assert systemd.heard() == ["WATCHDOG=1"]


def test_without_systemd_nothing_is_told() -> None:
    bench = Bench({})
    bench.watchdog.ready()
    bench.ms += 100_000
    bench.watchdog.feed()
    assert bench.lines == []


def test_a_socket_that_nobody_hears_is_no_trouble(tmp_path: Path) -> None:
    Bench({"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "1000000"}).watchdog.feed()


def hold_the_loop(duration_ms: int) -> None:
    end_s = time.monotonic() + duration_ms / 1000
    while time.monotonic() < end_s:
        pass


def test_the_function_that_holds_the_loop_is_named() -> None:
    bench = Bench({})

    async def story() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout((BEAT_MS + LATE_MS + 200) / 1000):
                asyncio.get_running_loop().call_later(0.01, hold_the_loop, BEAT_MS + LATE_MS + 60)
                await bench.watchdog.run()

    asyncio.run(story())
    slow = [json.loads(line) for line in bench.lines]
    assert [line["event"] for line in slow] == ["slow"]
    assert "hold_the_loop" in slow[0]["where"]
