"""Python's byte code, made while the card is built: the root is read-only, and a till that compiled at each start would be slow.

Rule: the very Python of the card makes it, or its twin of the same version for the machine that builds; both are taken from
the lock and run from where they were unpacked, with their own libraries. Byte code is the same on each architecture. It is
checked by nothing at run time (`unchecked-hash`), for it lies beside its source on one read-only file system.

Source: PEP 552; Python's compileall.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

from debian.archive import PartMissing, unpack
from image.lock import BUILDER, machine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LOADERS = {
    "amd64": ("lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "arm64": ("lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}
OF_DEBIAN, OURS = ("usr/lib/python3", "usr/lib/python3.13"), ("usr/lib/sofreh",)


def compile_all(root: Path, builder_packages: Iterable[Path], work: Path, kept: Path) -> None:
    """Compile everything below `root` that Python imports.

    What is Debian's is kept in the file `kept`, whose name says from which packages. Raises: PartMissing, on a machine of a
    strange kind.
    """
    if kept.exists():
        with tarfile.open(kept) as archive:
            # Debian 12's Python has no filters yet, and nothing strange lies in what was packed here.
            archive.extraction_filter = getattr(tarfile, "tar_filter", lambda member, _: member)
            archive.extractall(root)  # noqa: S202 -- packed here
        _compile(OURS, root, builder_packages, work)
        return
    _compile((*OF_DEBIAN, *OURS), root, builder_packages, work)
    draft = kept.with_suffix(".draft")
    with tarfile.open(draft, "w") as archive:
        for name in OF_DEBIAN:
            for path in sorted((root / name).rglob("__pycache__")):
                archive.add(path, path.relative_to(root))
    draft.rename(kept)


def _compile(folders: Iterable[str], root: Path, builder_packages: Iterable[Path], work: Path) -> None:
    architecture = machine()
    if architecture not in _LOADERS:
        raise PartMissing(f"building needs a machine of {' or '.join(_LOADERS)}, this one is {architecture}")
    home = root
    if architecture == BUILDER:
        home = work
        for package in builder_packages:
            unpack(package, home)
    loader, libraries = _LOADERS[architecture]
    folder = home / "usr"
    line = [
        str(next(path for path in (folder / loader, home / loader) if path.exists())),
        "--library-path", f"{folder / 'lib' / libraries}:{home / 'lib' / libraries}", str(folder / "bin/python3.13"),
        "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/",
        *(str(root / name) for name in folders),
    ]  # fmt: skip
    done = subprocess.run(
        line, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONHOME": str(folder), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if done.returncode:
        raise PartMissing(f"Python could not compile: {(done.stdout + done.stderr).strip()[-800:]}")
