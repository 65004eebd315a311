"""Starts the appliance's tasks; nobody else does.

All tasks live in one TaskGroup. A task may be restarted for the errors that it names, after a wait that doubles; any other
error ends them all, and with them the process: systemd starts it again, and start-up recovers from the journal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from firmware.log import Log

RESTART_MS = 250
RESTART_MAX_MS = 3_000
"""A person has just plugged a device in again and waits for it."""


class Job(Struct, frozen=True):
    """A task that runs as long as the process; `restarts_for` are operating errors that it may outlive."""

    name: str
    run: Callable[[], Awaitable[None]]
    restarts_for: tuple[type[Exception], ...] = ()


class Supervisor:
    """See the module. `sleep_ms` and `monotonic_ms` are the clock's."""

    def __init__(
        self, *, log: Log, sleep_ms: Callable[[int], Awaitable[None]], monotonic_ms: Callable[[], int]
    ) -> None:
        self._log = log
        self._sleep_ms = sleep_ms
        self._monotonic_ms = monotonic_ms

    async def run(self, jobs: tuple[Job, ...], *, until: asyncio.Event) -> None:
        """Keep `jobs` running until the event is set, then cancel them and return.

        Raises: the ExceptionGroup of the job that failed for good.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep(job), name=job.name) for job in jobs]
            await until.wait()
            for task in tasks:
                task.cancel()

    async def _keep(self, job: Job) -> None:
        wait_ms = RESTART_MS
        while True:
            started_ms = self._monotonic_ms()
            try:
                await job.run()
            except job.restarts_for as error:
                if self._monotonic_ms() - started_ms > RESTART_MAX_MS:
                    wait_ms = RESTART_MS
                self._log.warning("restart", job=job.name, error=str(error), wait_ms=wait_ms)
            else:
                raise AssertionError(f"{job.name} ended by itself")
            await self._sleep_ms(wait_ms)
            wait_ms = min(2 * wait_ms, RESTART_MAX_MS)
