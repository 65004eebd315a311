"""The image of a card in an emulated machine: its own kernel, its own first steps, its own systemd, nothing of it changed.

Rules: the machine's boot program is QEMU's, so kernel, memory and the kernel's line are read from the card's boot partition and
handed over; the card itself is written to a layer above the image, which `kill` leaves as it is. The lab's agent comes in from
outside, as a unit that systemd takes from the machine's firmware (systemd.system-credentials(7), `systemd.extra-unit.*`), and so do
settings for a unit of the card, where a story cannot do without (`systemd.unit-dropin.*`).

Source: QEMU's `-fw_cfg`; mtools(1).
"""

from __future__ import annotations

import base64
import re
import subprocess
from typing import TYPE_CHECKING

from image import disk
from lab.emulator import CODE_MEBIBYTES, EMULATOR, MEMORY_MEBIBYTES, Emulator
from lab.images import Images, make_ext4

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

CARD_MEBIBYTES = 1024
"""A card larger than the image: the data grow at the first start."""
CARD_FILE = "card.qcow2"
_BOARD = "bcm2837-rpi-3-b.dtb"
_LINE = "net"
_UNIT = "l.service"
"""Short: the firmware's names have at most 55 characters."""
_AGENT = """\
[Unit]
Description=The lab's agent
DefaultDependencies=no
{after}
[Service]
RuntimeDirectory=lab
RuntimeDirectoryPreserve=yes
ExecStartPre=-/usr/bin/mount -o ro /dev/vdb /run/lab
Environment=PYTHONPATH=/run/lab PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 -m lab.agent light
# Until its port is there.
Restart=on-failure
RestartSec=1
"""


class CardEmulator(Emulator):
    """A machine with a card in it."""

    def __init__(
        self,
        image: Path,
        code: Path,
        folder: Path,
        *,
        started_s: int,
        agent_after: str = "",
        kernel_words: str = "",
        partition: int | None = None,
    ) -> None:
        """`agent_after` is a unit that the agent waits for, so that it takes nothing from the start that is measured.

        `kernel_words` are added to the kernel's line: `drop_in`'s. `partition` is what the last restart asked the firmware for.
        """
        self._boot = _Boot(image, folder)
        super().__init__(self._boot, code, folder, started_s=started_s)
        self._image = image
        self._partition = partition
        self._words = kernel_words
        self._after = f"After={agent_after}\n" if agent_after else ""

    async def __aenter__(self) -> Self:
        make_ext4(self._folder / "code.ext4", mebibytes=CODE_MEBIBYTES, content=self._code)
        (self._folder / "agent.service").write_text(_AGENT.format(after=self._after))
        self._boot.read_boot_partition(self._partition)
        self._put_card_in()
        await self._start()
        return self

    async def set_line(self, *, is_up: bool) -> None:
        """Put the network's plug in, or pull it."""
        await self.order("set_link", name=_LINE, up=is_up)

    def _put_card_in(self) -> None:
        """A new card, or the one that was in the machine before."""
        if (self._folder / CARD_FILE).exists():
            return
        line = (
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-F",
            "raw",
            "-b",
            str(self._image.absolute()),
            CARD_FILE,
        )
        subprocess.run((*line, f"{CARD_MEBIBYTES}M"), cwd=self._folder, check=True)

    def _line(self) -> list[str]:
        return [
            EMULATOR, "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", str(MEMORY_MEBIBYTES),
            "-accel", "tcg,thread=multi", "-nodefaults", "-nographic", "-no-reboot", "-serial", "file:console",
            "-kernel", str(self._images.kernel), "-initrd", str(self._images.memory),
            "-append", f"{self._boot.kernel_line} console=ttyAMA0 systemd.wants={_UNIT} {self._words}",
            "-rtc", f"base={self._started},clock=vm", "-qmp", "unix:orders,server=on,wait=off",
            "-fw_cfg", f"name=opt/io.systemd.credentials/systemd.extra-unit.{_UNIT},file=agent.service",
            "-device", "virtio-serial-pci", "-device", "qemu-xhci,id=xhci",
            "-chardev", "socket,id=agent,path=agent,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=agent",
            "-netdev", f"user,id={_LINE}", "-device", f"virtio-net-pci,netdev={_LINE},romfile=",
            # A watchdog that the card has no driver for: a story may bring one.
            "-device", "i6300esb",
            "-drive", f"if=none,id=card,file={CARD_FILE}", "-device", "virtio-blk-pci,drive=card,serial=card",
            "-drive", "if=none,id=code,file=code.ext4,format=raw,readonly=on", "-device", "virtio-blk-pci,drive=code",
        ]  # fmt: skip


def drop_in(unit: str, text: str) -> str:
    """A word of the kernel's line that changes a unit of the card before its first start."""
    return (
        f"systemd.set_credential_binary=systemd.unit-dropin.{unit}:{base64.b64encode(text.encode()).decode()}"
    )


class _Boot(Images):
    """What the machine's boot program reads from the card, as a board's firmware would choose it."""

    def __init__(self, image: Path, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder
        self._image = image
        self.memory = folder / "memory.img"
        self.board = folder / "board.dtb"
        """The description of a Raspberry Pi 3, for the machine that is one."""
        self.kernel_line = ""

    def read_boot_partition(self, number: int | None) -> None:
        """Kernel, memory and line of that boot partition, as after `reboot NUMBER`; without, of the one that the selector names."""
        card = self._image
        if (self._folder / CARD_FILE).exists():
            card = self._folder / "card.raw"
            line = ("qemu-img", "convert", "-O", "raw", CARD_FILE, card.name)
            subprocess.run(line, cwd=self._folder, check=True)
        if number is None:
            self._read(card, disk.SELECTOR, "autoboot.txt", self._folder / "autoboot.txt")
            (number,) = map(
                int,
                re.findall(
                    r"^boot_partition=(\d)$", (self._folder / "autoboot.txt").read_text(), re.MULTILINE
                ),
            )
        line_file = self._folder / "line"
        for name, target in (
            ("kernel.img", self.kernel),
            ("memory.img", self.memory),
            (_BOARD, self.board),
            ("cmdline.txt", line_file),
        ):
            self._read(card, number, name, target)
        self.kernel_line = line_file.read_text().strip()
        (self._folder / "card.raw").unlink(missing_ok=True)

    @staticmethod
    def _read(card: Path, number: int, name: str, target: Path) -> None:
        at = f"{card}@@{disk.place(number).first_byte}"
        subprocess.run(
            ("mcopy", "-n", "-o", "-i", at, f"::{name}", str(target)), check=True, capture_output=True
        )
