"""A barcode scanner that is a serial port (USB CDC, or a cable): an async iterator of scans.

    async with SerialScanner(open_serial_port(path, baud=9600)) as scanner:
        async for scan in scanner: ...

Rules:
- CR, LF, CRLF and TAB end a scan, and so does ETX; STX before it is nothing. Printable ASCII and GS are its characters;
  any other byte, such as one from a wrong speed, spoils it.
- What the port's queue had to drop spoils the scan that it was a part of.
- Bytes bear no stamps: they are as old as the moment when the loop has read them. Two scans that waited together for a
  till that was busy count as the lines of one, and are scanned again; none is sold that was not.
- Bad scans, cancellation and the end are as in `drivers.scanner.barcode_scanner`.

Source: USB CDC 1.2 (PSTN subclass: a serial scanner is a modem to the kernel, /dev/ttyACM).

Must not know: how the port was found, opened and set.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

from drivers.scanner.framing import Framing
from drivers.scanner.gs1 import GS
from drivers.scanner.scan import BadScanReason
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings

if TYPE_CHECKING:
    from types import TracebackType

    from drivers.scanner.scan import Scan
    from drivers.serial_port import SerialPort

_STX, _ETX = 0x02, 0x03
_ENDS = frozenset((*b"\r\n\t", _ETX))
_CHARACTERS = frozenset((*range(0x20, 0x7F), *GS.encode()))


class ByteDecoder:
    """The state between two bytes of one scanner. Pure. Owner: whoever reads that scanner."""

    def __init__(self, settings: ScannerSettings = AS_SHIPPED) -> None:
        self._framing = Framing(settings)

    @property
    def midway(self) -> bool:
        """Whether a scan has begun and not ended."""
        return self._framing.midway

    def feed(self, data: bytes, now_us: int) -> list[Scan]:
        """Take bytes in their order, read at `now_us`; return the scans that ended in them."""
        told = (self._take(byte, now_us) for byte in data)
        return [scan for scan in told if scan is not None]

    def drop(self) -> None:
        """Bytes are lost before the next ones."""
        self._framing.spoil(BadScanReason.DROPPED_EVENTS)

    def expire(self) -> Scan | None:
        """End a scan of which nothing more has come for the gap's time. Call it when the scanner is silent."""
        return self._framing.silence()

    def _take(self, byte: int, now_us: int) -> Scan | None:
        framing = self._framing
        if byte in _CHARACTERS:
            refused = framing.begin(now_us) if framing.between else None
            return framing.add(chr(byte)) or refused
        if byte in _ENDS:
            return framing.end(now_us)
        if byte != _STX or framing.midway:
            framing.spoil(BadScanReason.UNKNOWN_KEY)
        return None


class SerialScanner:
    """Owns its port while entered; one task iterates."""

    def __init__(self, port: SerialPort, settings: ScannerSettings = AS_SHIPPED) -> None:
        self._port = port
        self._gap_ms = settings.gap_ms
        self._decoder = ByteDecoder(settings)
        self._lost = 0
        self._scans: deque[Scan] = deque()

    async def __aenter__(self) -> Self:
        await self._port.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._port.__aexit__(kind, error, trace)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Scan:
        """Wait for the next scan. Raises: DeviceGone."""
        while not self._scans:
            data = await self._port.read(timeout_ms=self._gap_ms if self._decoder.midway else None)
            if self._port.lost_reads != self._lost:
                self._lost = self._port.lost_reads
                self._decoder.drop()
            if data:
                self._scans.extend(self._decoder.feed(data, _now_us()))
            elif (half := self._decoder.expire()) is not None:
                self._scans.append(half)
        return self._scans.popleft()


def _now_us() -> int:
    return int(asyncio.get_running_loop().time() * 1_000_000)
