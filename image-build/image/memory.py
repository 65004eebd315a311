"""The first file system, in memory: what finds the card and lays its file systems together before systemd runs.

Rule: few and small, for the board reads all of it before anything else happens.

Source: Linux `Documentation/filesystems/ramfs-rootfs-initramfs.rst`.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from debian.cpio import Cpio
from image.lock import HERE, listed

if TYPE_CHECKING:
    from pathlib import Path

    from debian.kernel import Kernel

_FOLDERS = ("bin", "dev", "proc", "sys", "root", "run", "modules")


SUPERBLOCK_BYTES = 96
"""Of a squashfs: its time, sizes and tables. No two builds that differ have the same (`init` looks for it)."""


def memory(root: Path, kernel: Kernel, squashed: Path) -> bytes:
    """The archive, compressed as any kernel can unpack it; it finds `squashed`, the packed root, in whichever slot it lies."""
    archive = Cpio()
    for folder in _FOLDERS:
        archive.folder(folder)
    archive.device("dev/console", major=5, minor=1)
    archive.file("bin/busybox", (root / "usr/bin/busybox").read_bytes(), mode=0o755)
    archive.file("bin/e2fsck", (root / "usr/sbin/e2fsck.static").read_bytes(), mode=0o755)
    archive.file("init", (HERE / "init").read_bytes(), mode=0o755)
    with squashed.open("rb") as packed:
        archive.file("root.id", packed.read(SUPERBLOCK_BYTES))
    wanted = listed("memory_modules.txt")
    for index, (name, content) in enumerate(kernel.modules(wanted).items()):
        archive.file(f"modules/{index:02}-{name}.ko", content)
    return gzip.compress(archive.whole(), mtime=0)
