"""Tells systemd that the appliance lives, only while every task does; and names what holds up the loop.

A task checks in by saying that it waits (for a device, a queue, the clock), and that it works; one that has worked on
one thing for too long is stuck, and systemd, not being fed, starts the process again. The loop's own beat arms a timer
signal: when the beat is late, the signal's handler sees the very function that holds the loop.
Source: sd_notify(3), sd_watchdog_enabled(3); setitimer(2).
"""

from __future__ import annotations

import contextlib
import signal
import socket
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from types import FrameType

    from firmware.log import Log

STUCK_MS = 120_000
"""Longer than the longest slip takes on the slowest printer."""
BEAT_MS = 250
LATE_MS = 150
OWN_PACKAGES = ("firmware", "drivers", "sync")


class CheckIn:
    """One task's word on what it does. Owned by that task, read by the watchdog."""

    def __init__(self, name: str, monotonic_ms: Callable[[], int]) -> None:
        self.name = name
        self._monotonic_ms = monotonic_ms
        self._since_ms: int | None = None

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Around one piece of work; outside of it the task waits."""
        self._since_ms = self._monotonic_ms()
        try:
            yield
        finally:
            self._since_ms = None

    @property
    def is_stuck(self) -> bool:
        """Whether one piece of work has taken longer than anything may."""
        return self._since_ms is not None and self._monotonic_ms() - self._since_ms > STUCK_MS


class ServiceNotifier:
    """systemd's notification socket, if the process was started with one. Never waits, never fails."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_ms = int(environment.get("WATCHDOG_USEC", "0")) // 1000

    def tell(self, state: str) -> None:
        """Send a state such as ``READY=1``."""
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            ) as sender,
        ):
            sender.sendto(state.encode(), self._address)


class Watchdog:
    """Owns the check-ins of all tasks."""

    def __init__(
        self,
        notifier: ServiceNotifier,
        *,
        log: Log,
        monotonic_ms: Callable[[], int],
        sleep_ms: Callable[[int], Awaitable[None]],
    ) -> None:
        self._notifier = notifier
        self._log = log
        self._monotonic_ms = monotonic_ms
        self._sleep_ms = sleep_ms
        self._check_ins: list[CheckIn] = []
        self._fed_ms = 0

    def check_in(self, name: str) -> CheckIn:
        """A new task's check-in."""
        self._check_ins.append(CheckIn(name, self._monotonic_ms))
        return self._check_ins[-1]

    def ready(self) -> None:
        """Tell systemd that start-up is over."""
        self._notifier.tell("READY=1")

    async def run(self) -> None:
        """Beat for ever: feed systemd, and have lateness named."""
        with LatencyNotifier() as latency:
            while True:
                latency.arm()
                before_ms = self._monotonic_ms()
                await self._sleep_ms(BEAT_MS)
                late_ms = self._monotonic_ms() - before_ms - BEAT_MS
                if latency.culprit is not None:
                    self._log.warning("slow", where=latency.culprit, late_ms=late_ms)
                    latency.culprit = None
                self.feed()

    def feed(self) -> None:
        """Feed systemd if it is time to and every task has checked in."""
        now_ms = self._monotonic_ms()
        if not self._notifier.watchdog_ms or now_ms - self._fed_ms < self._notifier.watchdog_ms // 3:
            return
        stuck = [check_in.name for check_in in self._check_ins if check_in.is_stuck]
        if stuck:
            self._log.error("stuck", tasks=stuck)
            return
        self._fed_ms = now_ms
        self._notifier.tell("WATCHDOG=1")


class LatencyNotifier:
    """A timer signal that fires only when the loop does not arm it again in time. Main thread only."""

    def __init__(self, *, late_ms: int = LATE_MS) -> None:
        self._late_s = (BEAT_MS + late_ms) / 1000
        self.culprit: str | None = None

    def __enter__(self) -> Self:
        signal.signal(signal.SIGALRM, self._fired)
        signal.siginterrupt(signal.SIGALRM, False)  # noqa: FBT003 -- the library's own parameter
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def arm(self) -> None:
        """Begin the next beat."""
        signal.setitimer(signal.ITIMER_REAL, self._late_s)

    def _fired(self, _: int, frame: FrameType | None) -> None:
        self.culprit = _own_frame(frame)


def _own_frame(frame: FrameType | None) -> str:
    """The innermost function of ours on the stack, else the innermost of all."""
    named = None
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "?"))
        place = f"{module}.{frame.f_code.co_qualname}:{frame.f_lineno}"
        if module.partition(".")[0] in OWN_PACKAGES:
            return place
        named = named or place
        frame = frame.f_back
    return named or "?"
