"""Two benches for one story: the till's driver with a simulated device on this machine, or with a USB device in the lab's guest.

On both the driver runs in a process of its own, one of `lab.till_side`, and says what it gets as a JSON array a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from drivers.printer.profiles import Answer
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from lab.checkout import ROOT
from lab.printer_engine import PrinterEngine
from lab.usb_keyboard import UsbPad, UsbScanner
from lab.usb_printer import UsbPrinter
from lab.usb_serial import CdcScanner, FtdiPrinter
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.simulated.far_printer import FarPrinter
    from lab.guest import Guest, GuestProgram
    from lab.usb_redirection import UsbDevice

SAYS_WITHIN_S = 180
SCANNER_SOCKET, KEYPAD_SOCKET, PRINTER_SOCKET = 1, 2, 3
BAUD = 9_600
BETWEEN_KEYS_S = 0.12
"""No thumb is faster, and what is faster is taken for a scanner."""


class Driver(Protocol):
    """A driver in a process of its own."""

    async def says(self) -> list[Any]:
        """What it says next."""

    def tell(self, line: str) -> None:
        """Give it a line."""


class Bench(Protocol):
    """Where a story puts its devices. Each `*_driver` plugs the device in and starts the till's driver on it."""

    def scan(self, text: str) -> None: ...
    def scan_half(self, text: str) -> None: ...
    async def press(self, text: str) -> None: ...
    def press_zeros(self, count: int) -> None: ...
    def hold_key(self, text: str) -> None: ...
    async def scanner_driver(self) -> Driver: ...
    async def keypad_driver(self) -> Driver: ...
    async def printer_driver(self) -> tuple[Driver, FarPrinter]: ...
    async def unplug_printer(self) -> None: ...


class HostDriver:
    """A driver in a process on this machine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self) -> list[Any]:
        assert self._process.stdout is not None, "made with a pipe"
        async with asyncio.timeout(SAYS_WITHIN_S):
            line = await self._process.stdout.readline()
        said: list[Any] = json.loads(line)
        return said

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None, "made with a pipe"
        self._process.stdin.write(line.encode() + b"\n")


class GuestDriver:
    """A driver in the guest."""

    def __init__(self, program: GuestProgram) -> None:
        self._program = program
        self._heard = 0

    async def says(self) -> list[Any]:
        self._heard += 1
        said: list[Any] = json.loads(await self._program.line(self._heard - 1))
        return said

    def tell(self, line: str) -> None:
        self._program.tell(line)


class SimulatedBench:
    """FIFOs and a pseudo terminal."""

    def __init__(self, folder: Path, *, serial_scanner: bool = False) -> None:
        self._folder = folder
        self._scanner_far, self._scanner_near = os.openpty() if serial_scanner else (-1, -1)
        self._processes: deque[asyncio.subprocess.Process] = deque()
        self._scanner = SimulatedScanner(folder / "scanner")
        self._keypad = SimulatedKeypad(folder / "keypad")
        self._printer = PtyPrinter(Paper(PAPER_58_MM), path=folder / "printer", answers=(Answer.DLE_EOT,))

    def scan(self, text: str) -> None:
        if self._scanner_far >= 0:
            os.write(self._scanner_far, text.encode() + b"\r\n")
        else:
            assert self._scanner.scan(text)

    def scan_half(self, text: str) -> None:
        if self._scanner_far >= 0:
            os.write(self._scanner_far, text.encode())
        else:
            assert self._scanner.scan_half(text)

    async def press(self, text: str) -> None:
        for key in text:
            assert self._keypad.press(key)
            await asyncio.sleep(BETWEEN_KEYS_S)

    def press_zeros(self, count: int) -> None:
        assert self._keypad.press_zeros(count)

    def hold_key(self, text: str) -> None:
        assert self._keypad.hold(text, repeats=20)

    async def scanner_driver(self) -> Driver:
        if self._scanner_far >= 0:
            return await self._start("scan", os.ttyname(self._scanner_near))
        self._scanner.plug_in()
        return await self._start("scan", str(self._folder / "scanner"))

    async def keypad_driver(self) -> Driver:
        self._keypad.plug_in()
        return await self._start("keys", str(self._folder / "keypad"))

    async def printer_driver(self) -> tuple[Driver, FarPrinter]:
        self._printer.plug_in()
        return await self._start("port", str(self._printer.path), str(BAUD), "none"), self._printer

    async def unplug_printer(self) -> None:
        self._printer.unplug()

    async def _start(self, *line: str) -> Driver:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lab.till_side", *line, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'image-build'}:{ROOT}"},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        self._processes.append(process)
        driver = HostDriver(process)
        assert await driver.says() == ["open"]
        return driver

    async def clear(self) -> None:
        self._printer.unplug()
        if self._scanner_far >= 0:
            os.close(self._scanner_far)
            os.close(self._scanner_near)
        while self._processes:
            process = self._processes.popleft()
            if process.returncode is None:
                process.kill()
            await process.wait()


class LabBench:
    """USB devices at the guest's real kernel. `printer` makes the printer's plug around its engine."""

    def __init__(
        self, guest: Guest, printer: Callable[[PrinterEngine], UsbDevice], *, serial_scanner: bool = False
    ) -> None:
        self._guest = guest
        self._scanner = CdcScanner() if serial_scanner else UsbScanner()
        self._keypad = UsbPad()
        self.engine = PrinterEngine(Paper(PAPER_58_MM), answers=(Answer.DLE_EOT,))
        self._printer = printer(self.engine)

    def scan(self, text: str) -> None:
        self._scanner.scan(text)

    def scan_half(self, text: str) -> None:
        self._scanner.scan_half(text)

    async def press(self, text: str) -> None:
        for key in text:
            self._keypad.press(key)
            await asyncio.sleep(BETWEEN_KEYS_S)

    def press_zeros(self, count: int) -> None:
        self._keypad.press_zeros(count)

    def hold_key(self, text: str) -> None:
        self._keypad.hold(text)

    async def scanner_driver(self) -> Driver:
        return await self._start("scan", await self._plug_in(self._scanner, SCANNER_SOCKET))

    async def keypad_driver(self) -> Driver:
        return await self._start("keys", await self._plug_in(self._keypad, KEYPAD_SOCKET))

    async def printer_driver(self) -> tuple[Driver, FarPrinter]:
        path = await self._plug_in(self._printer, PRINTER_SOCKET)
        return await self._start("port", path, str(BAUD), "none"), self.engine

    async def unplug_printer(self) -> None:
        await self._guest.emulator.unplug(socket=PRINTER_SOCKET)

    async def _plug_in(self, device: UsbDevice, socket: int) -> str:
        await self._guest.emulator.plug_in(device, socket=socket)
        return await device_file(self._guest, socket)

    async def _start(self, *line: str) -> Driver:
        driver = GuestDriver(self._guest.start(f"fork:lab.till_side:{line[0]}", *line[1:]))
        assert await driver.says() == ["open"]
        return driver


async def device_file(guest: Guest, socket: int) -> str:
    """The device file of what sits in a USB socket."""
    found = json.loads(await guest.start("fork:lab.till_side:where", str(socket)).line(0))
    assert len(found) == 1, found
    return str(found[0])


def usb_printer(engine: PrinterEngine) -> UsbDevice:
    """A printer of the USB class."""
    return UsbPrinter(engine)


def serial_printer(engine: PrinterEngine) -> UsbDevice:
    """A printer behind a serial adapter."""
    return FtdiPrinter(engine)
