"""A till that looks after its input devices, and the desk in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import tty
from pathlib import Path
from typing import TYPE_CHECKING, Self

from drivers.ports import Port, PortKind
from drivers.scanner.scan import GtinScan
from firmware.desk.inputs import Desk as WhereToLook
from firmware.desk.inputs import Input, Inputs
from firmware.log import Level, Log
from firmware.roles import Role, open_roles
from tests.fakes.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drivers.simulated.input_events import SimulatedScanner

MILK = "6260000000019"
JAM = "6260000000118"
MILK_SCAN = GtinScan(f"0{MILK}")
A, B, C = "usb-x-1.1", "usb-x-1.2", "usb-x-1.3"
QUIET_MS = 60


class Till:
    """The part of a till that looks after its input devices; a story acts at the desk and takes what arrives."""

    def __init__(self, tmp_path: Path, given: Mapping[Role, Path] | None = None) -> None:
        self.data = tmp_path / "data"
        self.data.mkdir(exist_ok=True)
        self.desk = Desk(tmp_path)
        self.now_ms = 1_000
        self.lines: list[str] = []
        self._given = given or {}
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.roles = self._stack.enter_context(open_roles(self.data, warn=self.lines.append))
        log = Log(self.lines.append, level=Level.DEBUG, monotonic_ms=lambda: 0)
        self.inputs = Inputs(
            self.roles, WhereToLook(given=self._given, look=self.desk.look), log=log,
            sleep_ms=lambda _: asyncio.sleep(0.002), monotonic_ms=lambda: self.now_ms,
        )  # fmt: skip
        await self._stack.enter_async_context(asyncio.timeout(20))
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._task = group.create_task(self.inputs.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._stack.aclose()

    def assign(self, **sockets: str) -> None:
        """What an earlier day has brought."""
        with open_roles(self.data, warn=self.lines.append) as roles:
            for name, socket in sockets.items():
                roles.assign(Role(name), Port(kind=PortKind.KEYS, path=Path("old"), place=socket))

    async def do(self, act: Callable[[], bool]) -> None:
        """Act as soon as the till has the device open."""
        while not act():
            await asyncio.sleep(0.002)

    async def reads_milk(self, scanner: SimulatedScanner) -> None:
        """What this scanner reads is all that arrives."""
        await self.do(lambda: scanner.scan(MILK))
        assert await self.take() == [MILK_SCAN]

    async def listens(self) -> None:
        """The till has opened a device."""
        while not self.inputs.present:
            await asyncio.sleep(0.002)

    async def take(self, count: int = 1) -> list[Input]:
        taken = [await self.inputs.take(at_most_ms=5_000) for _ in range(count)]
        return [one for one in taken if one is not None]

    async def quiet(self) -> bool:
        """Whether nothing more arrives."""
        return await self.inputs.take(at_most_ms=QUIET_MS) is None

    async def looked(self, times: int = 3) -> None:
        """The till has looked around again."""
        until = self.desk.looks + times
        while self.desk.looks < until:
            await asyncio.sleep(0.002)

    def logged(self, event: str) -> list[dict[str, object]]:
        told = [json.loads(line) for line in self.lines]
        return [line for line in told if line["event"] == event]


class SerialDesk:
    """A serial scanner at the far end of a pty."""

    def __init__(self, folder: Path, name: str) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        self.path = folder / name
        self.path.symlink_to(os.ttyname(near))
        self._near = near

    def port(self, place: str) -> Port:
        return Port(kind=PortKind.SERIAL, path=self.path, place=place, model="05f9:4204")

    def send(self, data: bytes) -> None:
        os.write(self.far, data)

    def close(self) -> None:
        for descriptor in (self.far, self._near):
            with contextlib.suppress(OSError):
                os.close(descriptor)
