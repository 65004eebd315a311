"""The guest as a story sees it: programs that are started in it and what they say, files, and the USB sockets.

Rule: whatever is waited for is told by the guest; a story needs no sleeping.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.emulator import Emulator

COMPILED = "/var/cache/compiled"
SAYS_WITHIN_S = 180
STARTED_WITHIN_S = 500


class GuestFailed(Exception):
    """The agent could not do what it was told, or a program ended; says why."""


class GuestProgram:
    """A program in the guest, and all that it said."""

    def __init__(self, guest: Guest, name: str) -> None:
        self._guest = guest
        self.name = name
        self.said: list[str] = []
        self.code: int | None = None

    async def until(
        self, condition: Callable[[], bool], *, what: str, within_s: float = SAYS_WITHIN_S
    ) -> None:
        """Wait until something it says makes `condition` true. Raises: GuestFailed, TimeoutError, naming `what`."""
        try:
            await self._guest.until(lambda: condition() or self.code is not None, within_s=within_s)
        except TimeoutError:
            raise TimeoutError(f"{what}: not within {within_s} s; it said {self.said[-15:]}") from None
        if not condition():
            raise GuestFailed(f"{what}: {self.name} ended with {self.code}: {self.said[-20:]}")

    async def line(self, number: int, *, within_s: float = SAYS_WITHIN_S) -> str:
        """Its line `number`, from 0, as soon as it says it."""
        await self.until(lambda: len(self.said) > number, what=f"line {number}", within_s=within_s)
        return self.said[number]

    async def ended(self, *, within_s: float = SAYS_WITHIN_S) -> int:
        """Wait for its end; its exit code."""
        await self._guest.until(lambda: self.code is not None, within_s=within_s)
        assert self.code is not None, "ended"
        return self.code

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        self._guest.order(tell=self.name, line=line)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._guest.order(signal=self.name, number=number)


class Guest(asyncio.Protocol):
    """The host's end of the agent's line."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._transport: asyncio.WriteTransport | None = None
        self._rest = b""
        self._changed = asyncio.Event()
        self._programs: dict[str, GuestProgram] = {}
        self._done: dict[str, bytes] = {}
        self._failed = ""
        self._started = 0
        self._ready = False

    async def started(self) -> None:
        """Wait until the agent is ready, and take the snapshot."""
        await self.answers()
        await self.emulator.save()

    async def answers(self, *, within_s: float = STARTED_WITHIN_S) -> None:
        """Wait until the agent is ready."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self, str(self.emulator.agent_socket))
        try:
            await self.until(lambda: self._ready, within_s=within_s)
        except TimeoutError:
            raise GuestFailed(f"the guest does not start: {self.emulator.last_words}") from None

    async def compiled(self) -> bytes:
        """What Python compiled there, as `checkout.lay_out` takes it; b"" if nothing is new."""
        new = self.start("busybox", "find", COMPILED, "-name", "*.pyc", "-newer", "/run/began")
        await new.ended()
        if not new.said:
            return b""
        packing = self.start("busybox", "tar", "c", "-f", "/run/compiled.tar", "-C", COMPILED, ".")
        await packing.ended()
        return await self.get("/run/compiled.tar")

    async def fresh(self) -> None:
        """Put the guest back to where it was when it had started."""
        await self.emulator.restore()
        self._programs.clear()
        self._done.clear()
        self._rest, self._failed = b"", ""

    def start(self, *line: str) -> GuestProgram:
        """Start a program, or a function of the checkout as "fork:MODULE:FUNCTION"."""
        self._started += 1
        name = f"{self._started}"
        program = self._programs[name] = GuestProgram(self, name)
        self.order(start=name, line=list(line))
        return program

    async def put(self, path: str, data: bytes) -> None:
        """Write a file."""
        self.order(put=path, data=base64.b64encode(data).decode())
        await self.until(lambda: path in self._done)
        del self._done[path]

    async def get(self, path: str) -> bytes:
        """Read a file."""
        self.order(get=path)
        await self.until(lambda: path in self._done)
        return self._done.pop(path)

    async def until(self, condition: Callable[[], bool], *, within_s: float = SAYS_WITHIN_S) -> None:
        """Wait until something the agent reports makes `condition` true. Raises: GuestFailed, TimeoutError."""
        async with asyncio.timeout(within_s):
            while not condition():
                if self._failed:
                    raise GuestFailed(self._failed)
                self._changed.clear()
                await self._changed.wait()

    def order(self, **order: Any) -> None:
        """Give the agent an order."""
        assert self._transport is not None, "started"
        self._transport.write(json.dumps(order).encode() + b"\n")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The agent may be told something now."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The emulator ended."""
        self._failed = f"the guest ended: {self.emulator.last_words}"
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        """Take the agent's reports."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        self._changed.set()

    def _take(self, report: dict[str, Any]) -> None:
        program = self._programs.get(report.get("from", ""))
        if program is not None and "says" in report:
            program.said.append(report["says"])
        elif program is not None:
            program.code = report["ended"]
        elif "done" in report:
            self._done[report["done"]] = base64.b64decode(report.get("data", ""))
        elif "failed" in report:
            self._failed = report["failed"]
        elif "ready" in report:
            if self._ready:
                self._failed = "the agent ended and began anew; why, the guest's own journal may know"
            self._ready = True
