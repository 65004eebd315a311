"""A card whose till was enrolled at a real center, and has no line to it: what they say goes by stick."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

from lab.qemu_devices import QemuDevices
from tests.fakes.paper_center import OPENING_S
from tests.hardware.benches import PRINTER_SOCKET
from tests.hardware.card_machine import HOME, SETTINGS, UNIT, CardTill, Machine
from tests.hardware.conftest import STARTED_S
from tests.sync.central.conftest import POLICIES
from tests.sync.central.doors.test_serving import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STICK_SOCKET = 4
SHOP = 6001
ENROLLED_S = OPENING_S + 8 * 3_600
READ_S = OPENING_S + 10 * 3_600
"""When the center reads what came: later than anything that the till did."""
MAY_GO = "حافظه را بردارید"
OF_NO_USE = "حافظه خوانده یا نوشته نشد. حافظه دیگری بگذارید."
# No search for the printer, no center on a line, and the image's own place for sticks.
CARRYING = f"""\
{SETTINGS}
[clock]
chip = true

[printer]
path = "/dev/usb/lp0"
profile = "58mm"

[stick]
folder = "/run/sofreh/stick"
"""


class CarryingCard:
    """The machine, what is plugged into it, and the center that nobody but a courier reaches."""

    def __init__(self, image: Path, folder: Path, desk: Path) -> None:
        """`folder` has a short name, for sockets are in it; `desk` is for files."""
        self.desk = desk
        self.center = Served(desk)
        self.machine = Machine(image, folder)
        self._till: CardTill | None = None
        self._devices: QemuDevices | None = None

    @property
    def till(self) -> CardTill:
        assert self._till is not None, "switched on"
        return self._till

    @property
    def devices(self) -> QemuDevices:
        assert self._devices is not None, "switched on"
        return self._devices

    async def switch_on(self) -> None:
        self._till = await self.machine.switch_on()
        self._devices = QemuDevices(self._till.guest.emulator)
        # systemd lets no clock be before it was made itself; the center's papers are older.
        await self.till.does("busybox", "date", "-s", f"@{STARTED_S}")

    async def give_identity(self) -> None:
        """Enroll on this machine, carry the identity to the card, and start its till with a printer."""
        await asyncio.to_thread(self._enroll)
        await self.till.does("systemctl", "stop", UNIT)
        for file in await asyncio.to_thread(lambda: list(_files(self.desk / "data"))):
            await self.till.guest.put(f"{HOME}/{file.name}", file.read_bytes())
        await self.begin()

    async def start_again(self) -> None:
        """After the machine's end: the card as it is, in a machine that is switched on."""
        await self.machine.switch_off()
        await self.switch_on()
        await self.begin()

    async def begin(self) -> None:
        """Start the till that the card has."""
        await self.till.set_up(CARRYING)
        await self.till.guest.emulator.plug_in(self.till.printer_plug, socket=PRINTER_SOCKET)
        await self.till.start()

    async def put_in(self, stick: Path, *, bytes_per_s: int = 0) -> None:
        """Put a stick in; what was told before counts no more."""
        self.till.forget()
        await self.devices.plug_in_stick(stick, socket=STICK_SOCKET, bytes_per_s=bytes_per_s)

    async def visited(self, **facts: int) -> None:
        """The till has seen the stick, with these facts, and has said so on paper."""
        await self.till.until_told("stick", **facts)
        await self.till.until(lambda: any(MAY_GO in text for text in self.till.texts), what="the slip")

    async def pull(self) -> None:
        """Pull the stick, and wait until its place is free again."""
        await self.devices.pull(socket=STICK_SOCKET)
        await self.says(
            "while grep -q /run/sofreh/stick /proc/mounts || test -L /run/sofreh-stick; do sleep 0.2; done"
        )

    async def says(self, line: str) -> str:
        """What a line of the guest's shell says; it must succeed."""
        return await self.till.says("busybox", "sh", "-c", line)

    def _enroll(self) -> None:
        self._set_clock(ENROLLED_S)
        made = self.center.call("init", self.center.path)
        assert made.returncode == 0, made.stderr
        self.center.order("policy", "load", POLICIES / "dey-1404.toml")
        self.center.order("shop", "add", SHOP, "فروشگاه", "لرستان")
        config = self.desk / "till.toml"
        config.write_text(f'data_folder = "data"\nclock.chip = true\nclock.file = "{self.center.clock}"\n')
        with self.center.serving():
            ticket = self.center.order("enroll", "--shop", SHOP)
            center = f"http://127.0.0.1:{self.center.port}"
            secret = f"{ticket['token']}.{ticket['root_fingerprint']}"
            line = (
                sys.executable, "-m", "firmware.command", "enroll", "--config", str(config), "--center", center, secret,
            )  # fmt: skip
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        self._set_clock(READ_S)

    def _set_clock(self, now_s: int) -> None:
        self.center.clock.write_bytes(struct.pack("<qqq", now_s * 1_000, 0, 0))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file())
