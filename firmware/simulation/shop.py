"""A shop on a desk, by its physical faces: scan, press, tear off, cut the line, pull the plug.

    async with SimulatedShop(folder, center_port=..., wall_s=...) as shop:
        await shop.plug.insert()
        await shop.scan("6260000000017")
        await shop.press("+")
        picture = (await shop.paper.tear_off()).picture

The till inside is `sofreh-till run --config` in a process of its own. Whoever scans or presses waits until the till has
handled it, and whoever tears off until the paper is still, so stories need no sleeping.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from drivers.printer.profiles import profile_named
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner, pull_out
from drivers.simulated.paper import Paper
from drivers.simulated.pole_display import PoleDisplay
from drivers.simulated.pty_printer import PtyPrinter
from firmware.simulation.child import Child, start_child
from firmware.simulation.clock_file import SimulatedClock
from firmware.simulation.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from PIL import Image

    from firmware.simulation.child import Event

PAPER = "58mm"
EVENTS_MAX = 10_000
LISTENING_WITHIN_MS = 5_000
HANDLED_WITHIN_MS = 20_000
SHUT_DOWN_WITHIN_MS = 20_000
TORN_OFF_AFTER_MS = 12
"""What the till says it has printed has left it; the kernel hands it on within a millisecond or two."""
_POLL_S = 0.02
CONFIG = """\
# Made by the simulation.
data_folder = "data"
log_level = "debug"

[scanner]
path = "scanner"

[keypad]
path = "keypad"

[printer]
path = "printer"
profile = "{paper}"

[center]
url = "{url}"
interval_ms = {interval_ms}
retry_ms = {retry_ms}
timeout_ms = 10000

[clock]
file = "clock"
chip = {chip}

[idle]
checkpoint_ms = 1000
"""
DISPLAY_CONFIG = """
[display]
path = "display"
protocol = "cd5220"
"""


class TornOff(Struct, frozen=True):
    """What came out of the printer: the picture, what a person could read on it, and the beeps meanwhile."""

    picture: Image.Image
    texts: tuple[str, ...]
    beeps: tuple[str, ...]


class ShopSettings(Struct, frozen=True, kw_only=True):
    """How the shop is set up. `has_clock_chip` may be changed while the plug is out."""

    center_port: int
    wall_s: int
    relay_port: int = 0
    has_clock_chip: bool = True
    has_display: bool = False
    interval_ms: int = 500
    retry_ms: int = 200


class SimulatedShop:
    """Owns the folder, the devices, the line and the till's process while entered. One task uses it."""

    def __init__(
        self, folder: Path, settings: ShopSettings, *, hear: Callable[[Event], None] = lambda _: None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.settings = settings
        self.clock = SimulatedClock(folder / "clock", wall_s=settings.wall_s)
        self.link = Relay(settings.center_port, port=settings.relay_port)
        self.plug = Plug(self, hear)
        self._scanner = SimulatedScanner(folder / "scanner")
        self._keypad = SimulatedKeypad(folder / "keypad")
        self.printer = PtyPrinter(Paper(profile_named(PAPER)), path=folder / "printer")
        self.display = PoleDisplay("cd5220", path=folder / "display") if settings.has_display else None
        self.paper = PaperFace(self)

    async def __aenter__(self) -> Self:
        self._scanner.plug_in()
        self._keypad.plug_in()
        self.printer.plug_in()
        if self.display is not None:
            self.display.plug_in()
        await self.link.restore()
        self.write_config()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.plug.pull()
        self.link.cut()
        self.printer.unplug()
        if self.display is not None:
            self.display.unplug()
        self.clock.close()

    @property
    def config(self) -> Path:
        """The till's configuration file."""
        return self.folder / "till.toml"

    def write_config(self, *, has_clock_chip: bool | None = None) -> None:
        """Write the till's configuration; it is read when the plug is next inserted."""
        chip = self.settings.has_clock_chip if has_clock_chip is None else has_clock_chip
        text = CONFIG.format(
            paper=PAPER, url=self.link.url, chip=str(chip).lower(),
            interval_ms=self.settings.interval_ms, retry_ms=self.settings.retry_ms,
        )  # fmt: skip
        self.config.write_text(text + DISPLAY_CONFIG if self.settings.has_display else text)

    async def scan(self, text: str) -> None:
        """Scan a code; return when the till has handled it. Raises: ChildEnded, TimeoutError."""
        await self._do(lambda: self._scanner.scan(text), inputs=1)

    async def scan_too_fast(self, text: str) -> None:
        """Scan while the till is so busy that the kernel loses events; return when it has handled that."""
        await self._do(lambda: self._scanner.scan_too_fast(text), inputs=1)

    @property
    def scanner_is_in(self) -> bool:
        """Whether the scanner is plugged in."""
        return (self.folder / "scanner").exists()

    def pull_out_scanner(self) -> None:
        """Pull the scanner's plug out of its socket."""
        pull_out(self.folder / "scanner")

    def plug_in_scanner(self) -> None:
        """Put it back."""
        self._scanner.plug_in()

    @property
    def printer_is_in(self) -> bool:
        """Whether the printer is plugged in."""
        return self.printer.path.is_symlink()

    async def press(self, keys: str) -> None:
        """Press keys of the pad, a line feed for Enter; return when the till has handled them.

        Raises: ChildEnded, TimeoutError.
        """
        await self._do(lambda: self._keypad.press(keys), inputs=len(keys))

    async def press_without_waiting(self, keys: str) -> None:
        """Press keys and return at once, to pull the plug while the till is busy with them."""
        await self._listened(lambda: self._keypad.press(keys))
        self.plug.inputs_sent += len(keys)

    async def until_exchanged(self, *, timeout_ms: int = 20_000) -> None:
        """Wait until the center holds every entry that the till has made."""
        await self.plug.child.until(
            lambda: self.plug.unsent == 0, what="everything sent", timeout_ms=timeout_ms
        )
        await self.printer.settle()

    async def _do(self, act: Callable[[], bool], *, inputs: int) -> None:
        await self._listened(act)
        self.plug.inputs_sent += inputs
        await self.until_handled()

    async def until_handled(self) -> None:
        """Wait until the till has handled all that was keyed and scanned. Raises: ChildEnded, TimeoutError."""
        wanted = self.plug.inputs_sent
        child = self.plug.child
        await child.until(
            lambda: child.inputs_handled >= wanted and not child.has_hint_to_print,
            what=f"input {wanted} handled",
            timeout_ms=HANDLED_WITHIN_MS,
        )

    async def _listened(self, act: Callable[[], bool]) -> None:
        """Do something at a device, as soon as the till has it open. Raises: ChildEnded, TimeoutError."""
        try:
            async with asyncio.timeout(LISTENING_WITHIN_MS / 1000):
                while not act():
                    self.plug.child.check_runs()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise TimeoutError(f"it has not opened the device within {LISTENING_WITHIN_MS} ms") from None


class PaperFace:
    """The paper that hangs out of the printer."""

    def __init__(self, shop: SimulatedShop) -> None:
        self._shop = shop

    async def tear_off(self) -> TornOff:
        """Wait until the paper is still and take what came out since the last time.

        Raises: UnknownPrinterBytes, if the printer met bytes that are in no command.
        """
        await self._shop.printer.settle(quiet_ms=TORN_OFF_AFTER_MS)
        picture = self._shop.printer.tear_off()
        return TornOff(picture, self._shop.plug.take_texts(), self._shop.plug.take_beeps())


class Plug:
    """The appliance's power. Owns the child process while it is in."""

    def __init__(self, shop: SimulatedShop, hear: Callable[[Event], None]) -> None:
        self._shop = shop
        self._hear = hear
        self._child: Child | None = None
        self._group: asyncio.TaskGroup | None = None
        self._stack = contextlib.AsyncExitStack()
        self._texts: deque[str] = deque(maxlen=EVENTS_MAX)
        self._beeps: deque[str] = deque(maxlen=EVENTS_MAX)
        self.inputs_sent = 0
        self.unsent: int | None = None
        """Entries that the center does not hold, once the till has nothing more to send or fetch."""
        self._left: int | None = None

    @property
    def child(self) -> Child:
        """The running appliance."""
        assert self._child is not None, "the plug is in"
        return self._child

    @property
    def is_in(self) -> bool:
        """Whether the appliance has power."""
        return self._child is not None

    async def insert(self) -> None:
        """Give the appliance power; return when it is ready and the paper is still.

        Raises: ChildEnded, if it does not start.
        """
        assert self._child is None, "the plug is in already"
        self.inputs_sent, self.unsent, self._left = 0, None, None
        child = self._child = await start_child(self._shop.config, hear=self._heard)
        self._group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._group.create_task(child.listen(self._shop.folder / "till.log"))
        await child.until(lambda: child.is_ready, what="the till is ready")
        await self._shop.printer.settle()

    async def pull(self) -> None:
        """Cut the power: the process is killed at once."""
        if self._child is not None:
            self._child.kill()
            await self._gone()

    async def shut_down(self) -> int:
        """End the appliance in order, as systemd does; its exit code. Raises: TimeoutError, and it still runs."""
        self.child.stop()
        try:
            async with asyncio.timeout(SHUT_DOWN_WITHIN_MS / 1000):
                code = await self.child.ended()
        except TimeoutError:
            raise TimeoutError(f"it has not ended within {SHUT_DOWN_WITHIN_MS} ms") from None
        await self._gone()
        return code

    @property
    def texts(self) -> tuple[str, ...]:
        """What was printed since the paper was last torn off, as text."""
        return tuple(self._texts)

    def take_texts(self) -> tuple[str, ...]:
        """What was printed since the last call, as text."""
        texts = tuple(self._texts)
        self._texts.clear()
        return texts

    def take_beeps(self) -> tuple[str, ...]:
        """The beeps since the last call, by name."""
        beeps = tuple(self._beeps)
        self._beeps.clear()
        return beeps

    async def _gone(self) -> None:
        await self._stack.aclose()
        self._child = self._group = None

    def _heard(self, event: Event) -> None:
        kind = event.get("event")
        if kind == "printed":
            self._texts.extend(event["slip"])
        elif kind == "beeped":
            self._beeps.append(event["sound"])
        elif kind == "exchanged":
            self.unsent, self._left = None, event["head"] - event["held"]
        elif kind == "waits":
            self.unsent = self._left
        elif kind in ("handled", "link"):
            self.unsent = self._left = None  # there may be new entries
        self._hear(event)
