"""What the guest starts from: kernel, first file system in memory, and the read-only root with Debian's packages.

Rules: made once for each list of packages, and kept in the machine's cache folder under the hash of what made it; a folder
there is whole or not there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from debian.archive import Archive, unpack
from debian.cpio import Cpio
from debian.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
KERNEL = "linux-image-arm64"
ROOT_MEBIBYTES = 160
NOT_NEEDED = (
    "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/perl5", "usr/share/info", "usr/share/lintian",
    "usr/share/bug", "usr/lib/python3.13/test", "usr/lib/python3.13/idlelib", "usr/include", "usr/share/zoneinfo",
)  # fmt: skip


class Images:
    """A folder with everything the guest starts from."""

    def __init__(self, folder: Path) -> None:
        self.kernel = folder / "kernel"
        self.memory = folder / "memory.cpio"
        self.root = folder / "root.ext4"


def images(say: Callable[[str], None]) -> Images:
    """Everything the guest starts from, made if it is not there yet. Raises: PartMissing."""
    cache = cache_folder()
    target = cache / _key()
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as work:
            _make(Path(work), say)
            (Path(work) / "done").rename(target)
    return Images(target)


def cache_folder() -> Path:
    """Where the lab keeps what is long to make."""
    if given := os.environ.get("LAB_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sofreh-lab"


def listed(name: str) -> list[str]:
    """The lines of a list beside this file, without comments."""
    lines = (HERE / name).read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _key() -> str:
    made_of = (
        *(HERE / name for name in ("packages.txt", "kernel_modules.txt", "first_steps", "images.py")),
        *(HERE.parent / "debian" / name for name in ("archive.py", "kernel.py", "cpio.py")),
    )
    content = b"".join(path.read_bytes() for path in made_of)
    return hashlib.sha256(content).hexdigest()[:16]


def _make(work: Path, say: Callable[[str], None]) -> None:
    done = work / "done"
    done.mkdir()
    say("fetching Debian's packages")
    archive = Archive(work / "apt")
    packages = archive.fetch(*listed("packages.txt"))
    kernel_package = archive.fetch_alone(KERNEL)
    say(f"unpacking {len(packages)} packages and the kernel")
    root = work / "root"
    _unpack_root(packages, root)
    kernel = Kernel(kernel_package)
    (done / "kernel").write_bytes(kernel.image)
    (done / "memory.cpio").write_bytes(_memory(root, kernel))
    say("making the file system")
    make_ext4(done / "root.ext4", mebibytes=ROOT_MEBIBYTES, content=root)


def _unpack_root(packages: list[Path], root: Path) -> None:
    for name in ("bin", "lib", "sbin"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        unpack(package, root)
    for name in NOT_NEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("dev", "proc", "sys", "tmp", "run", "code", "data", "var/cache"):
        (root / name).mkdir(parents=True, exist_ok=True)


def _memory(root: Path, kernel: Kernel) -> bytes:
    """The file system in memory: a shell, the modules, and the first steps."""
    archive = Cpio()
    for folder in ("bin", "dev", "proc", "sys", "root", "modules"):
        archive.folder(folder)
    archive.device("dev/console", major=5, minor=1)
    archive.file("bin/busybox", (root / "usr/bin/busybox").read_bytes(), mode=0o755)
    archive.file("init", (HERE / "first_steps").read_bytes(), mode=0o755)
    for index, content in enumerate(kernel.modules(listed("kernel_modules.txt")).values()):
        archive.file(f"modules/{index:02}.ko", content)
    return archive.whole()


def make_ext4(target: Path, *, mebibytes: int, content: Path | None = None) -> None:
    """Make a file system in the file `target`, with a folder's content or empty."""
    filled = () if content is None else ("-d", str(content))
    subprocess.run(
        (
            "mke2fs",
            "-q",
            "-t",
            "ext4",
            "-E",
            "root_owner=0:0,lazy_itable_init=0",
            *filled,
            str(target),
            f"{mebibytes}M",
        ),
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
    )
