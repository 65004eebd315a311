"""What people do at the till, in the order in which it happened: keys and scans in one queue.

Each device has a task that opens it and reads it for ever; the supervisor restarts it when the device is pulled out. The
queue is bounded: readers wait, and the drivers' own queues then drop the oldest, which they tell.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from drivers.input_device import open_input_device
from drivers.keypad import Key, Keypad
from drivers.scanner.scan import Scan
from drivers.scanner.barcode_scanner import BarcodeScanner

if TYPE_CHECKING:
    from pathlib import Path

INPUTS_MAX = 256

Input = Key | Scan


class Inputs:
    """Owned by the till's task, which takes; the two readers put."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Input] = asyncio.Queue(INPUTS_MAX)

    async def take(self, *, at_most_ms: int) -> Input | None:
        """The next input, or None if nothing happens for `at_most_ms`."""
        try:
            async with asyncio.timeout(at_most_ms / 1000):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def read_scanner(self, path: Path) -> None:
        """Read scans for ever. Raises: PortNotOpened, DeviceGone."""
        async with BarcodeScanner(open_input_device(path)) as scanner:
            async for scan in scanner:
                await self._queue.put(scan)

    async def read_keypad(self, path: Path) -> None:
        """Read keys for ever. Raises: PortNotOpened, DeviceGone."""
        async with Keypad(open_input_device(path)) as keypad:
            async for key in keypad:
                await self._queue.put(key)
