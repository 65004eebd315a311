"""What a Raspberry Pi reads from a card before the kernel runs: the selector, and the boot partition of a slot.

Rules: both slots' boot partitions are alike, for the first steps in memory know their own root by its first bytes, so that an
update fits either; the selector says which the board starts (`autoboot.txt`), and nothing but that word is ever changed on it.
The firmware's own choice of a board's description (`upstream_kernel`) finds Debian's names. Nothing else of the board is set.

Source: Debian's raspi-firmware (its kernel hook), Raspberry Pi's documentation of config.txt and autoboot.txt; mtools(1).
"""

from __future__ import annotations

import gzip
import os
import subprocess
from typing import TYPE_CHECKING

from image import disk

if TYPE_CHECKING:
    from pathlib import Path

    from debian.kernel import Kernel

BOARDS = (
    "bcm2711-rpi-4-b", "bcm2711-rpi-400", "bcm2711-rpi-cm4-io", "bcm2837-rpi-3-a-plus", "bcm2837-rpi-3-b",
    "bcm2837-rpi-3-b-plus", "bcm2837-rpi-zero-2-w",
)  # fmt: skip
FIRST_FIRMWARE = "bootcode.bin"
"""What the chips of Zero 2 W and 3 look for, in the first partition; a 4 has its own."""
FIRMWARE = ("start.elf", "fixup.dat", "start4.elf", "fixup4.dat")
_FAT32_MEBIBYTES = 33
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
_AUTOBOOT = f"""\
[all]
boot_partition={disk.BOOTS[0]}
"""
_KERNEL_LINE = (
    "quiet loglevel=3 audit=0 panic=10 oops=panic net.ifnames=0 consoleblank=0 vt.global_cursor_default=0",
    "8250.nr_uarts=0 sysctl.kernel.sysrq=0 usbcore.authorized_default=0 random.trust_bootloader=on",
)


def kernel_line() -> str:
    """What the kernel is told."""
    return " ".join((f"sofreh.disk={disk.CARD_NUMBER:08x}", *_KERNEL_LINE))


def selector_files(firmware: Path, release_key: bytes | None) -> dict[str, bytes]:
    """The files of the selector. `release_key` is the public key whose updates the card takes, as PEM; without it takes none."""
    files = {FIRST_FIRMWARE: (firmware / FIRST_FIRMWARE).read_bytes(), "autoboot.txt": _AUTOBOOT.encode()}
    return files if release_key is None else files | {"release.pub": release_key}


def boot_files(firmware: Path, kernel: Kernel, memory: bytes) -> dict[str, bytes]:
    """The files of a slot's boot partition. `firmware` is raspi-firmware's folder, unpacked."""
    files = {name: (firmware / name).read_bytes() for name in FIRMWARE}
    files |= {f"{board}.dtb": kernel.device_trees[f"{board}.dtb"] for board in BOARDS}
    return files | {
        "kernel.img": gzip.compress(kernel.image, mtime=0),
        "memory.img": memory,
        "config.txt": _CONFIG.encode(),
        "cmdline.txt": (kernel_line() + "\n").encode(),
    }


def make_vfat(
    target: Path, files: dict[str, bytes], work: Path, *, mebibytes: int, label: str, epoch_s: int
) -> None:
    """Make a FAT file system in the file `target`, FAT32 where it is large enough; `work` is an empty folder."""
    for name, content in files.items():
        (work / name).write_bytes(content)
        os.utime(work / name, (epoch_s, epoch_s))
    with target.open("wb") as made:
        made.truncate(mebibytes << 20)
    serial = f"{epoch_s & 0xFFFF_FFFF:08x}"
    kind = ["-F"] if mebibytes >= _FAT32_MEBIBYTES else []
    _mtools("mformat", "-i", str(target), *kind, "-N", serial, "-v", label, "::", epoch_s=epoch_s)
    names = [str(work / name) for name in sorted(files)]
    _mtools("mcopy", "-i", str(target), "-m", *names, "::", epoch_s=epoch_s)


def _mtools(*line: str, epoch_s: int) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    subprocess.run(line, check=True, capture_output=True, env=environment)
