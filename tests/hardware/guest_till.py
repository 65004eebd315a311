"""A whole till in the guest: enrolled and given its mail on this machine, then carried there and started on real devices."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import TYPE_CHECKING, Any

from drivers.simulated.paper import Paper
from lab.printer_engine import PrinterEngine
from lab.usb_keyboard import UsbPad, UsbScanner
from sync.wire import card
from tests.fakes.printers import PAPER_58_MM
from tests.firmware.simulation.test_shop import a_shop
from tests.hardware.benches import BETWEEN_KEYS_S, KEYPAD_SOCKET, PRINTER_SOCKET, SCANNER_SOCKET, device_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from drivers.printer.profiles import Answer
    from drivers.simulated.far_printer import FarPrinter
    from lab.guest import Guest, GuestProgram
    from lab.usb_redirection import UsbDevice
    from lab.usb_serial import CdcScanner
    from tests.fakes.paper_center import Member
    from tests.hardware.conftest import Lab

COMMAND = "fork:firmware.command:main"
HOME = "/data/till"
CONFIG = f"{HOME}/till.toml"
WITHIN_S = 300
SCAN_AGAIN_S = 3
"""A scan that an emulated machine breaks by standing still is scanned again, and has the longest gap that there may be."""
ROLE_TRIES, SCANS_MAX = 20, 5
MILK = "6260000000019"
SCANNER_ROLE = "D1:SCANNER"
"""As it stands on the help card."""
SCAN_WITHIN_S = 60
PATIENT_MS = 32
"""Between two reports of the scanner: the ring of a starved guest's kernel holds nine keys."""
CARD_IS_READ = " خوانده شد."
SETTINGS = """\
data_folder = "data"
log_level = "debug"

[printer]
path = "{printer}"
profile = "58mm"

[scanner]
gap_ms = 2000

[clock]
chip = true
"""


class GuestTill:
    """An appliance at its counter: a scanner, a pad and a printer, all plugged in."""

    def __init__(
        self, guest: Guest, members: tuple[Member, ...], printer: PrinterEngine, printer_plug: UsbDevice
    ) -> None:
        self.guest = guest
        self.members = members
        self.printer_plug = printer_plug
        self.printer: FarPrinter = printer
        self.scanner: UsbScanner | CdcScanner = UsbScanner(interval_ms=PATIENT_MS)
        self.pad = UsbPad()
        self._program: GuestProgram | None = None
        self._inputs = 0
        self._read = 0
        self.told: list[dict[str, Any]] = []

    @property
    def state(self) -> str:
        """The conversation's, as last told."""
        return next((event["state"] for event in reversed(self.told) if event["event"] == "handled"), "")

    @property
    def texts(self) -> list[str]:
        """What was printed, as text."""
        self._listen()
        return [text for event in self.told if event["event"] == "printed" for text in event["slip"]]

    async def start(self) -> None:
        """Run `sofreh-till run` and wait until it is ready; the only pad is its keypad by itself."""
        self._program = self.guest.start(COMMAND, "run", "--config", CONFIG)
        self.told, self._read, self._inputs = [], 0, 0
        await self.until_told("ready")

    async def give_role(self) -> None:
        """Scan the role barcode of a scanner, once the pad has its role; again what a slow guest lost."""
        await self.until_told("devices", change="taken", roles=["keypad"])
        for _ in range(ROLE_TRIES):
            self.scanner.scan(SCANNER_ROLE)
            with contextlib.suppress(TimeoutError):
                return await self.until(
                    self._has_scanner, what="the scanner has its role", within_s=SCAN_AGAIN_S
                )
        return await self.until(self._has_scanner, what="the scanner has its role", within_s=SCAN_WITHIN_S)

    def _has_scanner(self) -> bool:
        return self._told("devices", change="taken", roles=["scanner"])

    async def stop(self) -> int:
        """End it in order; its exit code."""
        assert self._program is not None, "started"
        self._program.signal(signal.SIGTERM)
        return await self._program.ended()

    async def run(self, *line: str) -> str:
        """Run a command of the stopped till; what it says."""
        program = self.guest.start(COMMAND, *line, "--config", CONFIG)
        code = await program.ended()
        assert code == 0, program.said
        return "\n".join(program.said)

    async def scan(self, text: str) -> None:
        """Scan, and wait until the till has handled it."""
        self.scanner.scan(text)
        await self._handled(1)

    async def scan_new_product(self, code: str) -> None:
        """Scan what has no price yet until that is asked for: a slow guest loses a part of a scan, or its end."""
        for _ in range(SCANS_MAX):
            self.scanner.scan(code)
            with contextlib.suppress(TimeoutError):
                await self.until(self._asks_price, what="the price is asked for", within_s=SCAN_WITHIN_S)
                break
            assert self.state in {"", "IDLE"}, "nothing is sold of half a scan"
        self._inputs = max(told["inputs"] for told in self.told if told["event"] == "handled")
        assert self._asks_price(), "no scan arrived whole"

    def _asks_price(self) -> bool:
        return self.state == "PRICE"

    async def scan_card(self, qr: str) -> None:
        """Scan a card until the till has taken it: a kernel that got no time for its reader tells of lost keys."""
        for _ in range(SCANS_MAX):
            await asyncio.sleep(SCAN_AGAIN_S)
            self.scanner.scan(qr)
            with contextlib.suppress(TimeoutError):
                await self.until(self._took_card, what="the card is read", within_s=SCAN_WITHIN_S)
                break
        assert self._took_card(), "no scan arrived whole"
        self._inputs = max(told["inputs"] for told in self.told if told["event"] == "handled")

    def _took_card(self) -> bool:
        """Whether a card was read, and that was the end of what its scan did."""
        self._listen()
        events = [told["event"] for told in self.told if told["event"] == "handled" or _is_card_read(told)]
        return "printed" in events and events[-1] == "handled"

    async def press(self, keys: str) -> None:
        """Press keys of the pad, each when the till has handled the one before."""
        for key in keys:
            self.pad.press(key)
            await self._handled(1)
            await asyncio.sleep(BETWEEN_KEYS_S)

    async def fill_basket(self, *, card_of: int, total: str = "+") -> None:
        """One milk at 45,000 toman, a household's card, and TOTAL."""
        await self.press("1/")
        if self.state == "PRICE":
            await self.press("45000\n")
        await self.scan_card(card.to_qr(self.members[card_of].card))
        await self.press(total)

    async def until_told(self, event: str, **facts: object) -> None:
        """Wait until the log tells `event` with these facts."""
        await self.until(lambda: self._told(event, **facts), what=f"{event} {facts}")

    async def until(self, condition: Callable[[], bool], *, what: str, within_s: float = WITHIN_S) -> None:
        """Wait for something that the log tells. Raises: TimeoutError."""
        assert self._program is not None, "started"

        def heard() -> bool:
            self._listen()
            return condition()

        await self._program.until(heard, what=what, within_s=within_s)

    def _told(self, event: str, **facts: object) -> bool:
        wanted = {"event": event, **facts}.items()
        return any(wanted <= told.items() for told in self.told)

    async def _handled(self, count: int) -> None:
        self._inputs += count
        wanted = self._inputs
        await self.until(
            lambda: (
                max((told["inputs"] for told in self.told if told["event"] == "handled"), default=0) >= wanted
            ),
            what=f"input {wanted} handled",
        )

    def _listen(self) -> None:
        assert self._program is not None, "started"
        lines, self._read = self._program.said[self._read :], len(self._program.said)
        self.told += [json.loads(line) for line in lines if line.startswith("{")]


def _is_card_read(told: dict[str, Any]) -> bool:
    return told["event"] == "printed" and any(text.endswith(CARD_IS_READ) for text in told["slip"])


async def a_till(
    guest: Guest,
    folder: Path,
    plug: Callable[[PrinterEngine], UsbDevice],
    *,
    answers: tuple[Answer, ...] = (),
) -> GuestTill:
    """An enrolled till in the guest with the mail of two households, its devices plugged in, not started yet."""
    async with a_shop(folder) as world:
        assert await world.shop.plug.shut_down() == 0
        members = world.members
    engine = PrinterEngine(Paper(PAPER_58_MM), answers=answers)
    till = GuestTill(guest, members, engine, plug(engine))
    await guest.emulator.plug_in(till.printer_plug, socket=PRINTER_SOCKET)
    await guest.emulator.plug_in(till.scanner, socket=SCANNER_SOCKET)
    await guest.emulator.plug_in(till.pad, socket=KEYPAD_SOCKET)
    path = await device_file(guest, PRINTER_SOCKET)
    for file in await asyncio.to_thread(lambda: [path for path in folder.glob("data/*") if path.is_file()]):
        await guest.put(f"{HOME}/data/{file.name}", file.read_bytes())
    await guest.put(CONFIG, SETTINGS.format(printer=path).encode())
    return till


def at_a_till(
    lab: Lab,
    folder: Path,
    plug: Callable[[PrinterEngine], UsbDevice],
    story: Callable[[GuestTill], Awaitable[None]],
) -> None:
    """Run a story at a till whose printer has this plug."""

    async def run(guest: Guest) -> None:
        await story(await a_till(guest, folder, plug))

    lab.tell(run)
