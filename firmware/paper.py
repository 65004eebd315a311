"""The printer as the till sees it: whole slips, drawn while they print, on whatever port the printer has now.

Rules: slips of one conversation make one strip, which is torn off when the conversation is over; a slip waits for a printer
that is just being plugged in, but not for one that is gone; what had left is told by the driver's errors. The port is opened
by one task, which the supervisor restarts while the printer is away.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from drivers.errors import DeviceGone
from drivers.printer.raster import render
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.slip import Pair, Qr, Text
from drivers.serial_port import open_serial_port

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.slip import Element, Slip
    from drivers.sound import Sound
    from firmware.log import Log
    from firmware.watchdog import CheckIn

PLUGGED_IN_WITHIN_MS = 3_000


class Paper:
    """Owns the printer's port while `run` runs; one task prints, any task may beep."""

    def __init__(self, path: Path, profile: PrinterProfile, *, log: Log, check_in: CheckIn) -> None:
        self._path = path
        self._profile = profile
        self._log = log
        self._check_in = check_in
        self._printer: ReceiptPrinter | None = None
        self._hangs = False
        self._plugged_in = asyncio.Event()
        self._away_since_s: float | None = None

    async def run(self) -> None:
        """Keep the port open and its input read. Raises: PortNotOpened, DeviceGone."""
        async with open_serial_port(self._path, baud=self._profile.baud) as port:
            if self._printer is None:
                self._printer = ReceiptPrinter(port, self._profile)
            else:
                self._printer.use_port(port)
            self._plugged_in.set()
            try:
                while True:
                    self._log.debug("printer says", data=(await port.read()).hex())
            finally:
                self._plugged_in.clear()
                self._away_since_s = asyncio.get_running_loop().time()

    async def print(self, slip: Slip) -> None:
        """Print `slip`; return when all its bytes have left. Raises: PrinterBlocked, DeviceGone, with `started`."""
        with self._check_in.working():
            printer = await self._present()
            self._hangs = True
            await printer.print_slip(render(slip, self._profile.width_dots), tear=False)
        self._log.debug("printed", slip=[text for element in slip for text in texts(element)])

    async def tear(self) -> None:
        """Cut what hangs out, or feed it above the tear bar: one strip is done. Raises: PrinterBlocked, DeviceGone."""
        if self._hangs:
            printer = await self._present()
            await printer.print_slip((), tear=True)
            self._hangs = False

    async def beep(self, sound: Sound) -> None:
        """Sound the buzzer. Raises: PrinterBlocked, DeviceGone."""
        printer = await self._present()
        await printer.beep(sound)
        self._log.debug("beeped", sound=sound.name)

    async def _present(self) -> ReceiptPrinter:
        loop = asyncio.get_running_loop()
        if self._away_since_s is None:
            self._away_since_s = loop.time()
        try:
            async with asyncio.timeout_at(self._away_since_s + PLUGGED_IN_WITHIN_MS / 1000):
                await self._plugged_in.wait()
        except TimeoutError:
            raise DeviceGone(f"{self._path}: no printer", sent=0) from None
        assert self._printer is not None, "plugged in"
        return self._printer


def texts(element: Element) -> list[str]:
    """What a person can read of an element: its paragraphs, or label and value as one."""
    if isinstance(element, Text):
        return element.text.split("\n")
    if isinstance(element, Pair):
        return [f"{element.label} | {element.value}"]
    if isinstance(element, Qr):
        return [f"[QR {len(element.text)}]"]
    return []
