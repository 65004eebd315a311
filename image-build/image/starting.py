"""The boot partition: what a Raspberry Pi reads from a card before the kernel runs.

Rules: one partition for each slot, alike but for the slot's name; the first says which of them is tried (`autoboot.txt`). The
firmware's own choice of a board's description (`upstream_kernel`) finds Debian's names. Nothing else of the board is set.

Source: Debian's raspi-firmware (its kernel hook), Raspberry Pi's documentation of config.txt and autoboot.txt; mtools(1).
"""

from __future__ import annotations

import gzip
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from debian.kernel import Kernel

BOARDS = (
    "bcm2711-rpi-4-b", "bcm2711-rpi-400", "bcm2711-rpi-cm4-io", "bcm2837-rpi-3-a-plus", "bcm2837-rpi-3-b",
    "bcm2837-rpi-3-b-plus", "bcm2837-rpi-zero-2-w",
)  # fmt: skip
FIRMWARE = ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")
SLOTS = ("a", "b")
_CONFIG = """\
# Written by the image's builder. Boards: Zero 2 W, 3, 4.
arm_64bit=1
upstream_kernel=1
kernel=kernel.img
initramfs memory.img followkernel
boot_delay=0
disable_splash=1
# A till has no screen: the picture's processor needs little of the memory. With 16 it would ask for other files (start_cd).
gpu_mem=32
"""
_AUTOBOOT = """\
[all]
tryboot_a_b=1
boot_partition=1
[tryboot]
boot_partition=2
"""
_KERNEL_LINE = (
    "quiet loglevel=3 audit=0 panic=10 oops=panic net.ifnames=0 consoleblank=0 vt.global_cursor_default=0",
    "8250.nr_uarts=0 sysctl.kernel.sysrq=0 usbcore.authorized_default=0 random.trust_bootloader=on",
)


def kernel_line(slot: str, card_number: int) -> str:
    """What the kernel is told. `card_number` is the number in the card's partition table."""
    return " ".join((f"sofreh.disk={card_number:08x} sofreh.slot={slot}", *_KERNEL_LINE))


def boot_files(
    firmware: Path, kernel: Kernel, memory: bytes, *, slot: str, card_number: int
) -> dict[str, bytes]:
    """The files of a slot's boot partition. `firmware` is raspi-firmware's folder, unpacked."""
    files = {name: (firmware / name).read_bytes() for name in FIRMWARE}
    files |= {f"{board}.dtb": kernel.device_trees[f"{board}.dtb"] for board in BOARDS}
    return files | {
        "kernel.img": gzip.compress(kernel.image, mtime=0),
        "memory.img": memory,
        "config.txt": _CONFIG.encode(),
        "cmdline.txt": (kernel_line(slot, card_number) + "\n").encode(),
        "autoboot.txt": _AUTOBOOT.encode(),
    }


def make_vfat(
    target: Path, files: dict[str, bytes], work: Path, *, mebibytes: int, label: str, epoch_s: int
) -> None:
    """Make a FAT file system in the file `target`; `work` is an empty folder."""
    for name, content in files.items():
        (work / name).write_bytes(content)
        os.utime(work / name, (epoch_s, epoch_s))
    with target.open("wb") as made:
        made.truncate(mebibytes << 20)
    serial = f"{epoch_s & 0xFFFF_FFFF:08x}"
    _mtools("mformat", "-i", str(target), "-F", "-N", serial, "-v", label, "::", epoch_s=epoch_s)
    names = [str(work / name) for name in sorted(files)]
    _mtools("mcopy", "-i", str(target), "-m", *names, "::", epoch_s=epoch_s)


def _mtools(*line: str, epoch_s: int) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    subprocess.run(line, check=True, capture_output=True, env=environment)
