"""Worker processes that die are replaced, and what they were doing is done again."""

from __future__ import annotations

import asyncio
import os
import signal
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
