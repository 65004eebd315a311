"""The printer as the till sees it: whole slips, drawn while they print, on whatever port the printer has now.

Rules:
- Slips of one conversation make one strip, which is torn off when the conversation is over.
- A slip waits for a printer that is just being plugged in, but not for one that is gone; what had left is told by the
  driver's errors.
- The port is opened by one task, which the supervisor restarts while the printer is away. Where nobody knows which printer
  this is, that task asks (`firmware.desk.printer_search`); a person may have it ask again.
- What draws is loaded with the first slip, in a thread: a till takes its first scan before that. A machine that cannot
  draw Persian ends then, before anything is printed.
- Each slip is a job with a number, for the log and for printers that tell which job is done. Paper does not show it: what
  must be found again has a receipt number, and what comes twice says that it is a copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from typing import TYPE_CHECKING

from drivers.errors import CoverOpen, DeviceGone, PaperOut, PrinterBlocked, WriteInterrupted
from drivers.printer.printout import render
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.slip import Bars, Pair, Qr, Text
from drivers.printer.text_shaping import require_shaping
from drivers.printer.usb_port import open_printer_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from drivers.byte_port import BytePort
    from drivers.printer.slip import Element, Slip
    from drivers.printer.status import Condition
    from drivers.sound import Sound
    from firmware.desk.printer_choice import Chosen
    from firmware.log import Log
    from firmware.watchdog import CheckIn

PLUGGED_IN_WITHIN_MS = 3_000
QR_READ_CHARACTERS = 40
"""A QR of fewer is told as what it says; of a longer one, only how long it is."""
STUCK_MAX = 3


class Paper:
    """Owns the printer's port while `run` runs; one task prints, any task may beep."""

    def __init__(
        self,
        choose: Callable[[], Chosen | None],
        ask: Callable[[], Awaitable[Chosen]],
        *,
        log: Log,
        check_in: CheckIn,
    ) -> None:
        """`choose` says which printer this till has, `ask` asks the people at the counter where nothing says it."""
        self._choose = choose
        self._ask = ask
        self._log = log
        self._check_in = check_in
        self._port: BytePort | None = None
        self._printer: ReceiptPrinter | None = None
        self._asks_again = False
        self._hangs = False
        self._job = 0
        self._can_draw = False
        self._stuck = 0
        self._plugged_in = asyncio.Event()
        self._away_since_s: float | None = None

    async def run(self) -> None:
        """Find the printer, keep its port open and hear what it says. Raises: PortNotOpened, ProfileError, DeviceGone."""
        chosen = None if self._asks_again else self._choose()
        if chosen is None:
            chosen = await self._ask()
        self._asks_again = False
        profile = chosen.profile
        async with open_printer_port(chosen.path, baud=profile.baud, flow=profile.flow) as port:
            if self._printer is None or self._printer.profile != profile:
                self._printer = ReceiptPrinter(port, profile)
            else:
                self._printer.use_port(port)
            self._port = port
            self._plugged_in.set()
            self._log.info("printer", path=chosen.path, profile=profile.name)
            try:
                await self._printer.listen()
            finally:
                self._plugged_in.clear()
                self._port = None
                self._away_since_s = asyncio.get_running_loop().time()

    def ask_again(self) -> None:
        """Ask the people at the counter which printer this is, whatever is known. Any task may call this."""
        self._asks_again = True
        if self._port is not None:
            self._port.hang_up("the printer is searched for")

    async def look(self) -> tuple[str, Condition] | None:
        """The profile of the printer that is plugged in, and what it says of itself when asked; None without one."""
        if self._printer is None or not self._plugged_in.is_set():
            return None
        with contextlib.suppress(WriteInterrupted):
            await self._printer.look()
        return self._printer.profile.name, self._printer.condition

    @property
    def condition(self) -> Condition | None:
        """What is known of the printer that is plugged in; None without one."""
        return self._printer.condition if self._printer is not None and self._plugged_in.is_set() else None

    async def print(self, slip: Slip) -> None:
        """Print `slip`; return when all its bytes have left, or are on paper where the printer tells.

        Raises: PrinterBlocked, DeviceGone, with `started`; ShapingMissing.
        """
        self._job += 1
        with self._check_in.working():
            if not self._can_draw:
                await asyncio.to_thread(load_drawing)
                self._can_draw = True
            printer = await self._present()
            self._hangs = True
            try:
                await printer.print_slip(render(slip, printer.profile), tear=False, job=self._job)
            except WriteInterrupted as error:
                self._log.info("not printed", job=self._job, error=str(error), sent=error.sent)
                self._count_stuck(error)
                raise
        self._stuck = 0
        self._log.debug("printed", job=self._job, slip=[text for element in slip for text in texts(element)])

    async def tear(self) -> None:
        """Cut what hangs out, or feed it above the tear bar: one strip is done. Raises: PrinterBlocked, DeviceGone."""
        if self._hangs:
            printer = await self._present()
            await printer.print_slip((), tear=True, job=self._job)
            self._hangs = False

    async def beep(self, sound: Sound) -> None:
        """Sound the buzzer. Raises: PrinterBlocked, DeviceGone."""
        printer = await self._present()
        await printer.beep(sound)
        self._log.debug("beeped", sound=sound.name)

    def _count_stuck(self, error: WriteInterrupted) -> None:
        """A USB printer that takes nothing, and does not say why, is opened anew after a while."""
        unexplained = isinstance(error, PrinterBlocked) and not isinstance(error, PaperOut | CoverOpen)
        self._stuck = self._stuck + 1 if unexplained else 0
        if self._stuck >= STUCK_MAX and self._port is not None and self._port.reopens_when_stuck:
            self._stuck = 0
            self._port.hang_up("took nothing, and is opened anew")

    async def open_drawer(self) -> None:
        """Open the cash drawer, if the profile says that there is one. Raises: PrinterBlocked, DeviceGone."""
        printer = await self._present()
        await printer.open_drawer()

    async def _present(self) -> ReceiptPrinter:
        loop = asyncio.get_running_loop()
        if self._away_since_s is None:
            self._away_since_s = loop.time()
        try:
            async with asyncio.timeout_at(self._away_since_s + PLUGGED_IN_WITHIN_MS / 1000):
                await self._plugged_in.wait()
        except TimeoutError:
            raise DeviceGone("no printer", sent=0) from None
        assert self._printer is not None, "plugged in"
        return self._printer


def load_drawing() -> None:
    """Load what slips are made with. Raises: ShapingMissing."""
    require_shaping()
    importlib.import_module("persiantools.jdatetime")


def texts(element: Element) -> list[str]:
    """What a person, or a scanner, can read of an element: its paragraphs, label and value as one, what a code says."""
    if isinstance(element, Text):
        return element.text.split("\n")
    if isinstance(element, Pair):
        return [f"{element.label} | {element.value}"]
    if isinstance(element, Qr):
        return [f"[QR {element.text if len(element.text) < QR_READ_CHARACTERS else len(element.text)}]"]
    if isinstance(element, Bars):
        return [f"[bars {element.caption}]"]
    return []
