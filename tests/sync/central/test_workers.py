"""Worker processes that die are replaced, and what they were doing is done again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from sync.central.errors import CentralError
from sync.central.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_process_that_died_is_replaced_and_a_deadly_task_is_refused() -> None:
    async def story() -> None:
        workers = Workers()
        try:
            first = await workers.run(os.getpid)
            os.kill(first, signal.SIGKILL)
            tasks: list[Callable[[], int]] = [os.getpid, partial(abs, -2)]
            again = [one async for one in workers.run_each(tasks)]
            assert again[0] != first
            assert again[1] == 2
            with pytest.raises(CentralError, match="a worker process died; nothing was changed"):
                await workers.run(partial(os._exit, 1))
            assert await workers.run(partial(abs, -1)) == 1
        finally:
            await workers.close()

    asyncio.run(story())


def test_no_process_outlives_the_one_that_began_it_even_if_that_is_killed() -> None:
    program = "import os; from sync.central.workers import processes; print(processes().submit(os.getpid).result(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        worker = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            assert select.select([worker], [], [], 20)[0] == [worker], "it goes on without its parent"
            assert select.select([parent.stdout], [], [], 20)[0], "somebody still holds the caller's output"
            assert parent.stdout.read() == b""
        finally:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(worker, signal.SIGKILL)
            os.close(worker)
