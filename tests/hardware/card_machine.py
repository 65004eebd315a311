"""A card in a machine that is switched on and off, and its till: systemd starts that, and its log is the journal's."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.printer.profiles import profile_named
from drivers.simulated.paper import Paper
from lab.card import CardEmulator, drop_in
from lab.checkout import ROOT
from lab.guest import Guest
from lab.printer_engine import PrinterEngine
from tests.hardware.benches import KEYPAD_SOCKET, PRINTER_SOCKET, SCANNER_SOCKET, usb_printer
from tests.hardware.conftest import STARTED_S
from tests.hardware.guest_till import GuestTill

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab.guest import GuestProgram

HOME = "/data/sofreh"
CONFIG = f"{HOME}/lab.toml"
UNIT = "sofreh-till.service"
STARTS_WITHIN_S = 1_200
PRINTER = "zjiang-58"
"""What a till takes `UsbPrinter` for, by its vendor and product."""
READABLE = "اگر این را می‌خوانید بزنید"
# The image's own settings, but for a log that tells the story, and a scanner that may stand still as long as its machine does.
SETTINGS = f"""\
data_folder = "{HOME}"
log_level = "debug"

[scanner]
gap_ms = 2000
"""
_DROP_IN = f"""\
[Service]
ExecStart=
ExecStart=/usr/bin/sofreh-till run --config {CONFIG}
"""


def unit_settings(*environment: str) -> str:
    """What has the unit run with `CONFIG` and these variables."""
    return _DROP_IN + "".join(f"Environment={variable}\n" for variable in environment)


class CardTill(GuestTill):
    """The till of a card."""

    async def start(self) -> None:
        # What an earlier start said is not heard again.
        said = await self.says("journalctl", "--lines=1", "--show-cursor", "--output=cat")
        cursor = said.splitlines()[-1].removeprefix("-- cursor: ")
        await self.does("systemctl", "restart", "--no-block", UNIT)
        self.listen_from(f"--after-cursor={cursor}")
        await self.until_told("ready")

    def listen_from(self, *where: str) -> None:
        """Hear what the till tells from where options of journalctl say."""
        self._program = self.guest.start("journalctl", "--follow", "--output=cat", "--unit", UNIT, *where)
        self.told, self._read, self._inputs = [], 0, 0

    def forget(self) -> None:
        """What was told so far counts no more."""
        self._listen()
        counted = [told["inputs"] for told in self.told if told["event"] == "handled"]
        self._inputs = max([self._inputs, *counted])
        self.told = []

    async def until_it_trades(self) -> None:
        """An enrollment is over, and the conversation with customers begun, which counts its inputs anew."""

        def is_ready() -> bool:
            events = [told["event"] for told in self.told]
            return "opened" in events and "ready" in events[events.index("opened") :]

        await self.until(is_ready, what="it trades")
        self.told, self._inputs = [], 0

    async def does(self, *line: str) -> GuestProgram:
        """Run a program there; it must succeed."""
        program = self.guest.start(*line)
        assert await program.ended() == 0, program.said
        return program

    async def says(self, *line: str) -> str:
        return "\n".join((await self.does(*line)).said)

    async def set_up(self, settings: str, *environment: str) -> None:
        """Have the unit run with these settings from its next start on; of the next machine see `Machine.power_on`."""
        await self.guest.put(CONFIG, settings.encode())
        await self.guest.put(f"/run/systemd/system/{UNIT}.d/lab.conf", unit_settings(*environment).encode())
        await self.does("busybox", "chown", "-R", "sofreh:sofreh", HOME)
        await self.does("busybox", "chmod", "-R", "a+rX", f"/run/systemd/system/{UNIT}.d")
        await self.does("systemctl", "daemon-reload")

    async def plug_in_everything(self) -> None:
        """At once: a machine that is just starting takes them when it comes to them."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.plug_in_printer())
            group.create_task(self.plug_in_pad())
            group.create_task(self.plug_in_scanner())

    async def plug_in_printer(self) -> None:
        await self.guest.emulator.plug_in(self.printer_plug, socket=PRINTER_SOCKET)

    async def plug_in_pad(self) -> None:
        await self.guest.emulator.plug_in(self.pad, socket=KEYPAD_SOCKET)

    async def plug_in_scanner(self) -> None:
        await self.guest.emulator.plug_in(self.scanner, socket=SCANNER_SOCKET)

    async def come_to_its_counter(self) -> None:
        """A new till's devices are plugged in, and it is told which they are."""
        await self.plug_in_printer()
        await self.plug_in_pad()
        await self.answer_the_search()
        # Not before: a serial port may be the printer's, until that is found.
        await self.plug_in_scanner()
        await self.give_role()

    async def answer_the_search(self) -> None:
        """The new till prints "press 1 if you can read this"."""
        await self.until_told("devices", change="taken", roles=["keypad"])
        await self.until(lambda: any(READABLE in text for text in self.texts), what="the search's page")
        await self.press("1")
        await self.until_told("printer found")


class Machine:
    """A card in a machine that is switched on and off. What is written stays on the card."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image = image
        self._folder = folder
        code = folder / "code" / "lab"
        code.mkdir(parents=True)
        for name in ("__init__.py", "agent.py"):
            shutil.copy2(ROOT / "image-build" / "lab" / name, code / name)
        self._emulator: CardEmulator | None = None

    async def power_on(
        self, *, line_is_cut: bool = False, settings: str = "", partition: int | None = None
    ) -> CardTill:
        """Its till, of which nothing can be asked before `guest.answers`: the agent starts when the till is ready.

        `settings`: the unit's, of `unit_settings`, where an earlier `set_up` left its file on the card; else it starts with the
        image's own. `partition`: see `CardEmulator`.
        """
        self._emulator = CardEmulator(
            self._image, self._folder / "code", self._folder, started_s=STARTED_S, agent_after=UNIT,
            kernel_words=drop_in(UNIT, settings) if settings else "", partition=partition,
        )  # fmt: skip
        await self._emulator.__aenter__()
        if line_is_cut:
            await self._emulator.set_line(is_up=False)
        engine = PrinterEngine(Paper(profile_named(PRINTER)))
        return CardTill(Guest(self._emulator), (), engine, usb_printer(engine))

    async def switch_on(self, *, line_is_cut: bool = False) -> CardTill:
        """Likewise, and return when its agent answers."""
        till = await self.power_on(line_is_cut=line_is_cut)
        await till.guest.answers(within_s=STARTS_WITHIN_S)
        return till

    async def set_line(self, *, is_up: bool) -> None:
        """The machine's network: its plug is in or out."""
        assert self._emulator is not None, "switched on"
        await self._emulator.set_line(is_up=is_up)

    async def switch_off(self) -> None:
        """Without a word to anybody in it."""
        if self._emulator is not None:
            await self._emulator.__aexit__(None, None, None)
            self._emulator = None


def with_a_card(story: Callable[[Machine], Awaitable[None]]) -> None:
    """Tell a story with a new card in a machine; skip it where there is no image."""
    image = image_there()

    async def run(folder: Path) -> None:
        machine = Machine(image, folder)
        try:
            await story(machine)
        finally:
            await machine.switch_off()

    # A short name: sockets are in it.
    with tempfile.TemporaryDirectory(prefix="card") as folder:
        asyncio.run(run(Path(folder)))


def say(what: str) -> None:
    """How far a long story is, and its figures (image-build/image/README.md)."""
    print(f"card: {what}", file=sys.stderr)  # noqa: T201 -- it takes a while


def image_there() -> Path:
    """The image that `make image` made, or the file that LAB_IMAGE names."""
    given = os.environ.get("LAB_IMAGE")
    found = [Path(given)] if given else sorted((ROOT / "image-out").glob("sofreh-*.img"))
    if not found or not found[-1].exists():
        pytest.skip("there is no image: `make image` makes one")
    return found[-1]
