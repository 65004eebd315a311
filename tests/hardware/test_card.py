"""The image itself, in a machine: it starts, is given an identity, trades, is killed, and starts from the card as it is.

The image is the one that `make image` made, or the file that LAB_IMAGE names. One machine for the whole story, for a start takes
an emulated machine minutes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.simulated.paper import Paper
from lab.card import CardEmulator
from lab.checkout import ROOT
from lab.guest import Guest
from lab.printer_engine import PrinterEngine
from tests.fakes.printers import PAPER_58_MM
from tests.firmware.simulation.test_shop import a_shop
from tests.hardware.benches import KEYPAD_SOCKET, PRINTER_SOCKET, SCANNER_SOCKET, usb_printer
from tests.hardware.conftest import STARTED_S
from tests.hardware.guest_till import GuestTill

if TYPE_CHECKING:
    from lab.guest import GuestProgram
    from tests.fakes.paper_center import Member

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3_000)]
HOME = "/data/sofreh"
UNIT = "sofreh-till.service"
RECEIPT = "رسید خرید"
STARTS_WITHIN_S = 1_200
BLOCK_BYTES = 512
PURCHASE_BYTES_MAX = 192 << 10
"""What was measured is 76 to 128 KiB; the goal is 8. The draft's replacement at each step of a basket is most of it."""
PURCHASES = 3
FREE_MEBIBYTES_MIN = 64
# The image's own settings, but for a chip that knows the time and a log that tells the story.
SETTINGS = f"""\
data_folder = "{HOME}"
log_level = "debug"

[clock]
chip = true
"""
DROP_IN = f"""\
[Service]
ExecStart=
ExecStart=/usr/bin/sofreh-till run --config {HOME}/lab.toml
"""


class CardTill(GuestTill):
    """The till of a card: systemd starts and stops it, and its log is the journal's."""

    async def start(self) -> None:
        # What an earlier start said is not heard again.
        before = (await self.says("journalctl", "--lines=1", "--show-cursor", "--output=cat")).splitlines()[
            -1
        ]
        await self.does("systemctl", "restart", "--no-block", UNIT)
        self._program = self.guest.start(
            "journalctl", "--follow", "--output=cat", "--unit", UNIT, f"--after-cursor={before.removeprefix('-- cursor: ')}"
        )  # fmt: skip
        self.told, self._read, self._inputs = [], 0, 0
        await self.until_told("ready")

    async def does(self, *line: str) -> GuestProgram:
        """Run a program there; it must succeed."""
        program = self.guest.start(*line)
        assert await program.ended() == 0, program.said
        return program

    async def says(self, *line: str) -> str:
        return "\n".join((await self.does(*line)).said)


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

    async def switch_on(self) -> Guest:
        self._emulator = CardEmulator(self._image, self._folder / "code", self._folder, started_s=STARTED_S)
        await self._emulator.__aenter__()
        guest = Guest(self._emulator)
        await guest.answers(within_s=STARTS_WITHIN_S)
        return guest

    async def switch_off(self) -> None:
        """Without a word to anybody in it."""
        if self._emulator is not None:
            await self._emulator.__aexit__(None, None, None)
            self._emulator = None


def image_there() -> Path:
    given = os.environ.get("LAB_IMAGE")
    found = [Path(given)] if given else sorted((ROOT / "image-out").glob("sofreh-*.img"))
    if not found or not found[-1].exists():
        pytest.skip("there is no image: `make image` makes one")
    return found[-1]


async def plug_in_everything(till: CardTill) -> None:
    for device, socket in (
        (till.printer_plug, PRINTER_SOCKET), (till.scanner, SCANNER_SOCKET), (till.pad, KEYPAD_SOCKET),
    ):  # fmt: skip
        await till.guest.emulator.plug_in(device, socket=socket)


def card_till(guest: Guest, members: tuple[Member, ...]) -> CardTill:
    engine = PrinterEngine(Paper(PAPER_58_MM))
    return CardTill(guest, members, engine, usb_printer(engine))


async def enrolled(guest: Guest, folder: Path) -> CardTill:
    """The card's till with an identity and mail that were made on this machine."""
    async with a_shop(folder) as world:
        assert await world.shop.plug.shut_down() == 0
        members = world.members
    till = card_till(guest, members)
    await till.does("systemctl", "stop", UNIT)
    # systemd lets no clock be before it was made itself; the village's papers are older.
    await till.does("busybox", "date", "-s", f"@{STARTED_S}")
    for file in await asyncio.to_thread(lambda: [path for path in folder.glob("data/*") if path.is_file()]):
        await guest.put(f"{HOME}/{file.name}", file.read_bytes())
    await guest.put(f"{HOME}/lab.toml", SETTINGS.encode())
    await till.does("busybox", "chown", "-R", "sofreh:sofreh", HOME)
    return till


async def listens_to_the_lab(guest: Guest) -> None:
    await guest.put(f"/run/systemd/system/{UNIT}.d/lab.conf", DROP_IN.encode())
    assert await guest.start("busybox", "chmod", "-R", "a+rX", f"/run/systemd/system/{UNIT}.d").ended() == 0
    assert await guest.start("systemctl", "daemon-reload").ended() == 0


async def answer_the_search(till: CardTill) -> None:
    """The new till has printed "press 1 if you can read this"."""
    await till.press("1")
    await till.until_told("printer found")


async def buy(till: CardTill) -> None:
    till.told.clear()
    await till.fill_basket(card_of=0)
    await till.press(till.members[0].pin + "\n")
    await till.until_told("beeped", sound="APPROVED")


async def written_bytes(till: CardTill) -> int:
    """What the card's data partition was told to write since the start (Linux Documentation/block/stat.rst: field 7)."""
    return int((await till.says("busybox", "cat", "/sys/class/block/vda3/stat")).split()[6]) * BLOCK_BYTES


def test_a_card_trades_and_a_machine_killed_in_the_middle_starts_from_it_as_it_is(tmp_path: Path) -> None:
    image = image_there()

    async def story(folder: Path) -> None:
        machine = Machine(image, folder)
        try:
            till = await enrolled(await machine.switch_on(), tmp_path)
            await listens_to_the_lab(till.guest)
            await till.start()
            await plug_in_everything(till)
            await till.give_role()
            await answer_the_search(till)
            await buy(till)
            assert RECEIPT in till.texts
            before = await written_bytes(till)
            for _ in range(PURCHASES):
                await buy(till)
            assert (await written_bytes(till) - before) / PURCHASES <= PURCHASE_BYTES_MAX
            free_kibibytes = dict(
                line.split(":") for line in (await till.says("busybox", "cat", "/proc/meminfo")).splitlines()
            )["MemAvailable"].split()[0]
            assert int(free_kibibytes) >> 10 >= FREE_MEBIBYTES_MIN
            # In the middle of the next one.
            await till.fill_basket(card_of=1)
            await machine.switch_off()

            again = card_till(await machine.switch_on(), till.members)
            await again.does("systemctl", "stop", UNIT)
            verified = await again.says("sofreh-till", "journal", "verify", "--config", f"{HOME}/lab.toml")
            assert " hold." in verified
        finally:
            await machine.switch_off()

    with tempfile.TemporaryDirectory(prefix="card") as folder:
        asyncio.run(story(Path(folder)))
