"""The card's root file system: what Debian's packages and ours lay down, and what their scripts would have done to it.

Rules: no script of a package runs, so each thing that one would have done is done here, in words: accounts, which units start,
the list of trusted authorities, the kernel's index of modules, Python's byte code. What no till uses is taken away. The folder
holds nothing of the machine that builds, nothing of the time, nothing that is random.

Source: base-passwd, ca-certificates, kmod; systemd.unit(5), passwd(5).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

from debian.archive import unpack
from image.accounts import write_accounts
from image.lock import HERE, listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from debian.kernel import Kernel

DEFAULT_TARGET = "multi-user.target"
_UNITS = "usr/lib/systemd/system"
_OWN_UNITS = "etc/systemd/system"
_EMPTY = ("boot", "data", "dev", "proc", "root", "run", "sys", "tmp", "var")
_AUTHORITIES = "usr/share/ca-certificates/mozilla"
_WIRELESS = ("43430", "43436", "43455", "43456")
"""The chips of Zero 2 W, 3 and 4: the only Wi-Fi firmware that stays."""


def lay_root(root: Path, packages: Iterable[Path], kernel: Kernel) -> None:
    """Make the root below `root`, an empty folder, from the packages' files."""
    for name in ("bin", "lib", "sbin"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        unpack(package, root)
    for name in listed("not_needed.txt"):
        _remove(root, name)
    shutil.copytree(HERE / "files", root, dirs_exist_ok=True, symlinks=True)
    for name in _EMPTY:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    write_accounts(root)
    _choose_units(root)
    _trust_authorities(root)
    _keep_wireless(root / "usr/lib/firmware")
    _lay_modules(root, kernel)
    _small_files(root)
    _take_privileges(root)


def _remove(root: Path, pattern: str) -> None:
    for path in sorted(root.glob(pattern)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _choose_units(root: Path) -> None:
    """Start what `units.txt` names and nothing else."""
    for folder in (_UNITS, _OWN_UNITS):
        for wants in sorted((root / folder).glob("*.wants")):
            shutil.rmtree(wants)
    for line in listed("units.txt"):
        target, unit = line.split()
        assert (root / _UNITS / unit).exists(), unit
        wants = root / _OWN_UNITS / f"{target}.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / unit).symlink_to(f"/{_UNITS}/{unit}")
    for unit in listed("masked.txt"):
        (root / _OWN_UNITS / unit).unlink(missing_ok=True)
        (root / _OWN_UNITS / unit).symlink_to("/dev/null")
    (root / _OWN_UNITS / "default.target").unlink(missing_ok=True)
    (root / _OWN_UNITS / "default.target").symlink_to(f"/{_UNITS}/{DEFAULT_TARGET}")


def _trust_authorities(root: Path) -> None:
    """The one file that OpenSSL reads, of all that Debian trusts."""
    trusted = sorted((root / _AUTHORITIES).glob("*.crt"))
    target = root / "etc/ssl/certs/ca-certificates.crt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(path.read_bytes() for path in trusted))
    shutil.rmtree(root / _AUTHORITIES)
    # OpenSSL's own default place, as Debian built it.
    (root / "usr/lib/ssl").mkdir(parents=True, exist_ok=True)
    for name, place in (("cert.pem", "/etc/ssl/certs/ca-certificates.crt"), ("certs", "/etc/ssl/certs")):
        (root / "usr/lib/ssl" / name).unlink(missing_ok=True)
        (root / "usr/lib/ssl" / name).symlink_to(place)


def _keep_wireless(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if (path.is_file() and "sdio" in path.name and not any(chip in path.name for chip in _WIRELESS)) or (
            path.is_file() and path.parent.name in {"brcm", "cypress"} and "sdio" not in path.name
        ):
            path.unlink()
    for name in ("regulatory.db", "regulatory.db.p7s"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(f"{name}-debian")


def _lay_modules(root: Path, kernel: Kernel) -> None:
    folder = root / "usr/lib/modules" / kernel.version
    wanted = listed("modules.txt")
    assert not kernel.unknown(wanted), kernel.unknown(wanted)
    for name, content in kernel.modules(wanted).items():
        target = folder / kernel.path_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for name, content in kernel.files.items():
        (folder / name).write_bytes(content)
    depmod = shutil.which("depmod", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert depmod is not None, "asked for before"
    subprocess.run((depmod, "-b", str(root), kernel.version), check=True, capture_output=True)


def _small_files(root: Path) -> None:
    for name, content in {
        "etc/machine-id": "", "etc/hostname": "sofreh\n", "etc/hosts": "127.0.0.1 localhost sofreh\n::1 localhost sofreh\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n",
        "etc/shells": "/bin/sh\n", "etc/fstab": "",
    }.items():  # fmt: skip
        (root / name).write_text(content)
    for name, target in {
        "etc/resolv.conf": "/run/systemd/resolve/resolv.conf", "usr/bin/sh": "busybox", "usr/sbin/init": "/usr/lib/systemd/systemd",
        "etc/mtab": "/proc/self/mounts",
    }.items():  # fmt: skip
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)


def _take_privileges(root: Path) -> None:
    """No program gives whoever starts it another's rights; and what nobody may write stays readable to all."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)
    (root / "etc/shadow").chmod(0o600)
