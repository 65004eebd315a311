"""A barcode scanner that is a keyboard to the kernel: an async iterator of scans.

    async with BarcodeScanner(open_input_device(path)) as scanner:
        async for scan in scanner: ...

Rules: bad scans are passed on too, so that the till can answer with a sound. Canceling the wait for a scan loses
nothing. The iteration ends with DeviceGone when the scanner is unplugged, and what it had half typed is gone with it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings

if TYPE_CHECKING:
    from types import TracebackType

    from drivers.input_device import InputDevice
    from drivers.scanner.scan import Scan


class BarcodeScanner:
    """Owns its device while entered; one task iterates."""

    def __init__(self, device: InputDevice, settings: ScannerSettings = AS_SHIPPED) -> None:
        self._device = device
        self._gap_ms = settings.gap_ms
        self._decoder = BarcodeDecoder(settings)
        self._scans: deque[Scan] = deque()

    async def __aenter__(self) -> Self:
        await self._device.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._device.__aexit__(kind, error, trace)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Scan:
        """Wait for the next scan. Raises: DeviceGone."""
        while not self._scans:
            records = await self._device.read(timeout_ms=self._gap_ms if self._decoder.midway else None)
            if records:
                self._scans.extend(self._decoder.feed(records))
            elif (half := self._decoder.expire()) is not None:
                self._scans.append(half)
        return self._scans.popleft()
