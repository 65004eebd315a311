"""The real appliance as a child process: started, killed, and listened to.

What it is doing is read from its own log, one JSON object a line at its standard error; every line is also kept in a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINE_BYTES_MAX = 1 << 20
EVENTS_MAX = 1_000
COMMAND = (sys.executable, "-m", "firmware.command", "run", "--config")
Event = dict[str, Any]


class ChildEnded(Exception):
    """The appliance ended although nobody pulled the plug. Says how, and its last words."""


class Child:
    """One run of the appliance. Owned by the simulated shop."""

    def __init__(self, process: asyncio.subprocess.Process, *, hear: Callable[[Event], None]) -> None:
        self._process = process
        self._hear = hear
        self._changed = asyncio.Condition()
        self._ended = False
        self._last_words = ""
        self.inputs_handled = 0
        self.has_hint_to_print = False
        self.state = ""
        self.is_ready = False
        self._told: deque[Event] = deque(maxlen=EVENTS_MAX)

    async def listen(self, log_path: Path) -> None:
        """Read the log until the process ends."""
        assert self._process.stderr is not None, "made with a pipe"
        with log_path.open("ab") as log:
            async for line in self._process.stderr:
                log.write(line)
                log.flush()
                self._last_words = line.decode("utf-8", "replace").strip()
                await self._take(line)
        await self._process.wait()
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool], *, what: str, timeout_ms: int = 20_000) -> None:
        """Wait for something that the log tells. Raises: ChildEnded, TimeoutError, naming `what`."""
        try:
            async with asyncio.timeout(timeout_ms / 1000), self._changed:
                await self._changed.wait_for(lambda: condition() or self._ended)
        except TimeoutError:
            raise TimeoutError(
                f"{what}: not within {timeout_ms} ms; last words: {self._last_words}"
            ) from None
        if not condition():
            raise ChildEnded(
                f"{what}: it ended with {self._process.returncode}; last words: {self._last_words}"
            )

    async def until_told(self, event: str, *, timeout_ms: int = 20_000, **facts: object) -> None:
        """Wait until the log tells `event` with these facts, in this run of the appliance.

        Raises: ChildEnded, TimeoutError.
        """
        wanted = {"event": event, **facts}.items()
        await self.until(
            lambda: any(wanted <= told.items() for told in self._told),
            what=f"{event} {facts}",
            timeout_ms=timeout_ms,
        )

    def check_runs(self) -> None:
        """Raises: ChildEnded, if it runs no more."""
        if self._ended:
            raise ChildEnded(f"it ended with {self._process.returncode}; last words: {self._last_words}")

    def kill(self) -> None:
        """Pull the plug."""
        if self._process.returncode is None:
            self._process.kill()

    def stop(self) -> None:
        """Ask it to end in order, as systemd does."""
        if self._process.returncode is None:
            self._process.terminate()

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        return await self._process.wait()

    async def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        self._hear(event)
        async with self._changed:
            self._told.append(event)
            if event.get("event") == "handled":
                self.inputs_handled, self.state = event["inputs"], event["state"]
            elif event.get("event") in ("says", "said"):
                self.has_hint_to_print = event["event"] == "says"
            elif event.get("event") == "ready":
                self.is_ready = True
            self._changed.notify_all()


async def start_child(config: Path, *, hear: Callable[[Event], None]) -> Child:
    """Run the appliance with the configuration file `config`."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, str(config), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE, limit=LINE_BYTES_MAX, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    return Child(process, hear=hear)
