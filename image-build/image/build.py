"""Makes an image from the checkout, step by step; each step is a module of its own.

Rules: what git does not know of is not in the image; the commit's own time is the only time that is in it; steps that take
long are kept by the hash of what they are made of.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from debian.archive import PartMissing, unpack
from debian.kernel import Kernel
from image import code, disk, signing, starting, update
from image.bill import bill
from image.blockmap import block_map
from image.bytecode import compile_all
from image.libraries import libraries_missing
from image.lock import HERE, LOCK_FILE, fetch, read_lock
from image.memory import memory
from image.root import lay_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from image.lock import Locked

TOOLS = {
    "mksquashfs": "squashfs-tools", "mformat": "mtools", "mcopy": "mtools", "mke2fs": "e2fsprogs", "depmod": "kmod",
    "xz": "xz-utils", "dpkg-deb": "dpkg", "git": "git", "apt-get": "apt",
}  # fmt: skip
SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
DATA_INODE_BYTES = 262_144
DATA_BLOCK_BYTES = 1024
DATA_BLOCKS_MAX = 32 << 20
"""32 GiB: as far as the data may grow (`init`). A purchase stays there with half a KiB."""
FIRMWARE_PACKAGE = "raspi-firmware"


class Built(NamedTuple):
    """What was made."""

    folder: Path
    name: str
    root_sha256: str


def tools_missing() -> str | None:
    """What this machine lacks to build, and how to have it; None if it lacks nothing."""
    missing = sorted(
        {package for tool, package in TOOLS.items() if shutil.which(tool, path=SYSTEM_PATH) is None}
    )
    if not missing:
        return None
    return f"the image needs Debian's tools: apt-get install --no-install-recommends {' '.join(missing)}"


def cache_folder() -> Path:
    """Where packages are kept."""
    if given := os.environ.get("IMAGE_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sofreh-image"


def commit_time_s(commit: str) -> int:
    """The commit's time, as Unix seconds, or what SOURCE_DATE_EPOCH says."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    line = ("git", "-C", str(code.CHECKOUT), "log", "-1", "--format=%ct", commit)
    return int(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def build(
    target: Path,
    say: Callable[[str], None],
    *,
    key_file: Path | None,
    raw: bool = False,
    commit: str = "HEAD",
) -> Built:
    """Make the image and all that belongs to it in the folder `target`; `raw`: only the image itself. Raises: PartMissing."""
    if missing := tools_missing():
        raise PartMissing(missing)
    # A wrong one is told now and not after minutes.
    key = None if key_file is None else signing.read_key(key_file)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix="making-") as work:
        return _Build(target, Path(work), say, commit).run(key, raw=raw)


def replace_build(made: Path, target: Path) -> None:
    """Move what was made to the folder `target`. What an older build left there goes: hashes beside another's image would mislead."""
    others = {LOCK_FILE.name, signing.SUMS, signing.SIGNATURE}
    for old in target.iterdir():
        if old.name in others or old.name.startswith("sofreh-"):
            old.unlink()
    for new in made.iterdir():
        new.rename(target / new.name)


class _Build:
    """One build. `work` is an empty folder on the disk of the target."""

    def __init__(self, target: Path, work: Path, say: Callable[[str], None], commit: str) -> None:
        self._target = target
        self._work = work
        self._began = time.monotonic()
        self._say_to = say
        self._commit = code.commit_of(commit)
        self._epoch_s = commit_time_s(self._commit)
        self._lock = read_lock()
        self._name = f"sofreh-{code.product_version()}"
        self._version = code.package_version(self._epoch_s)

    def run(self, key: Ed25519PrivateKey | None, *, raw: bool) -> Built:
        files = fetch((*self._lock.card, *self._lock.builder), cache_folder() / "packages", self._say)
        self._say("reading the kernel")
        kernel = Kernel(next(files[package] for package in self._lock.card if package.is_kernel))
        root = self._root(files, kernel)
        self._say("packing the root")
        squashed = self._squash(root)
        root_sha256 = hashlib.sha256(squashed.read_bytes()).hexdigest()
        self._say("putting the card together")
        image = self._work / f"{self._name}.img"
        firmware = next(files[package] for package in self._lock.card if package.name == FIRMWARE_PACKAGE)
        slot = self._card(image, firmware, root, kernel, squashed, key)
        made = self._folder("made")
        if key is not None:
            self._say("writing the update")
            update.write(made, slot, version=self._version, made_s=self._epoch_s, key=key)
        if raw:
            image.rename(made / image.name)
        else:
            self._complete(made, image, root_sha256, squashed, key)
        replace_build(made, self._target)
        return Built(self._target, self._name, root_sha256)

    def _root(self, files: dict[Locked, Path], kernel: Kernel) -> Path:
        root = self._work / "root"
        own = code.make_package(
            self._work, self._folder("package"), commit=self._commit, epoch_s=self._epoch_s
        )
        self._say(f"unpacking {len(self._lock.card)} packages")
        packages = [files[package] for package in self._lock.card if not package.is_kernel]
        lay_root(root, [*packages, own], kernel)
        named = {"version": self._version, "made_s": self._epoch_s}
        (root / "etc/sofreh/image.json").write_text(json.dumps(named) + "\n")
        if missing := libraries_missing(root):
            raise PartMissing(f"left_out.txt leaves out what is needed: {missing}")
        self._say("compiling Python")
        compile_all(
            root, [files[package] for package in self._lock.builder], self._folder("builder"), self._kept()
        )
        return root

    def _kept(self) -> Path:
        """Where the byte code of Debian's modules is kept: named by all that it is made from."""
        made_of = (LOCK_FILE, HERE / "not_needed.txt", HERE / "bytecode.py")
        named = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()
        return cache_folder() / f"bytecode-{named[:16]}.tar"

    def _squash(self, root: Path) -> Path:
        made = self._work / "root.squashfs"
        _run(
            "mksquashfs", str(root), str(made), "-noappend", "-no-progress", "-quiet", "-all-root", "-no-xattrs",
            "-comp", "zstd", "-Xcompression-level", "15", "-b", "128K", epoch_s=self._epoch_s,
        )  # fmt: skip
        return made

    def _card(
        self,
        image: Path,
        firmware: Path,
        root: Path,
        kernel: Kernel,
        squashed: Path,
        key: Ed25519PrivateKey | None,
    ) -> update.Slot:
        unpacked = self._folder("firmware")
        unpack(firmware, unpacked)
        files = unpacked / "usr/lib/raspi-firmware"
        selector = starting.selector_files(files, None if key is None else signing.public_pem(key))
        boot = starting.boot_files(files, kernel, memory(root, kernel, squashed))
        contents = {
            disk.SELECTOR: self._vfat("selector", selector, disk.SELECTOR_MEBIBYTES),
            disk.BOOTS[0]: self._vfat("boot", boot, disk.BOOT_MEBIBYTES),
            disk.ROOTS[0]: squashed,
            disk.DATA: self._data(),
        }
        disk.put_together(image, contents)
        return update.Slot(contents[disk.BOOTS[0]], squashed)

    def _vfat(self, name: str, files: dict[str, bytes], mebibytes: int) -> Path:
        made = self._work / f"{name}.vfat"
        starting.make_vfat(
            made, files, self._folder(f"{name}-files"),
            mebibytes=mebibytes, label=f"SOFREH-{name[:4].upper()}", epoch_s=self._epoch_s,
        )  # fmt: skip
        return made

    def _data(self) -> Path:
        """The data's file system: empty, and the same each time.

        Blocks of 1 KiB, as the journal's pages: what a purchase changes is five of them in a row and now and then one more,
        and with blocks of 4 KiB the disk is told to write half as much again.
        """
        made = self._work / "data.ext4"
        identity = f"{disk.CARD_NUMBER:08x}-5366-4000-8000-000000000000"
        _run(
            "mke2fs", "-q", "-t", "ext4", "-b", str(DATA_BLOCK_BYTES), "-m", "1", "-i", str(DATA_INODE_BYTES), "-J", "size=8",
            "-L", "sofreh-data", "-U", identity, "-E", f"hash_seed={identity},lazy_itable_init=0,root_owner=0:0,resize={DATA_BLOCKS_MAX}",
            str(made), f"{disk.DATA_MEBIBYTES}M", epoch_s=self._epoch_s,
        )  # fmt: skip
        return made

    def _complete(
        self, made: Path, image: Path, root_sha256: str, squashed: Path, key: Ed25519PrivateKey | None
    ) -> None:
        """Bring the image to `made`, and all that whoever flashes it may want to know of it."""
        self._say("writing the block map")
        (made / f"{self._name}.img.bmap").write_text(block_map(image))
        self._say("compressing")
        _run("xz", "--keep", "--threads=2", "-6", str(image), epoch_s=self._epoch_s)
        image.with_name(f"{image.name}.xz").rename(made / f"{image.name}.xz")
        squashed.rename(made / f"{self._name}.root.squashfs")
        (made / f"{self._name}.cdx.json").write_text(
            bill(
                self._lock.card,
                code.packed_versions(),
                version=self._version,
                root_sha256=root_sha256,
                epoch_s=self._epoch_s,
            )
        )
        shutil.copyfile(LOCK_FILE, made / LOCK_FILE.name)
        signing.list_hashes(made)
        if key is None:
            self._say("not signed: no release key was named; a card of it takes no updates")
        else:
            signing.sign(made, key)
        image.rename(made / image.name)  # the lab's alone: whoever flashes takes the compressed one

    def _folder(self, name: str) -> Path:
        folder = self._work / name
        folder.mkdir()
        return folder

    def _say(self, words: str) -> None:
        self._say_to(f"{time.monotonic() - self._began:6.1f} s  {words}")


def _run(*line: str, epoch_s: int) -> None:
    environment = {
        **os.environ, "PATH": SYSTEM_PATH, "SOURCE_DATE_EPOCH": str(epoch_s), "E2FSPROGS_FAKE_TIME": str(epoch_s), "TZ": "UTC", "LC_ALL": "C",
    }  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise PartMissing(f"{line[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
