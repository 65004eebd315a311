"""Our own package: the appliance's half of this checkout, what of its libraries is not in Debian, and its services.

Rules: everything is below `/usr/lib/sofreh`, none of it in Python's own folders; what only the center, the simulation or the
tests need stays out. The same commit makes the same package, byte for byte.

Source: deb(5), dpkg-deb(1) (SOURCE_DATE_EPOCH), deb-control(5).
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path

from debian.archive import PartMissing
from image.lock import HERE

CHECKOUT = HERE.parents[1]
_SERVICES = Path("image-build/image/package")
NAME = "sofreh-till"
PRODUCT = ("drivers", "firmware", "sync")
NOT_ON_THE_CARD = (
    "drivers/simulated",
    "firmware/demo",
    "firmware/simulation",
    "sync/central",
    "sync/inspector",
)
KEPT_OF_THOSE = ("sync/inspector/inspector.html",)
"""The inspector's page, for whoever takes it from a till."""
PACKED_WITH_US = ("persiantools",)
NEEDS = (
    "python3", "python3-aiosqlite", "python3-argon2", "python3-cryptography", "python3-evdev", "python3-h11",
    "python3-msgspec", "python3-pil", "python3-segno", "python3-serial", "libfribidi0", "ca-certificates",
)  # fmt: skip
FOLDER = "usr/lib/sofreh"
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: The Sofreh project <sofreh@localhost>
Depends: {needs}
Section: misc
Priority: optional
Description: food credit at the shop's till
 The appliance: scanner, keypad and printer, decisions without network, signed purchases.
"""


def product_version() -> str:
    """As `pyproject.toml` says it."""
    found = re.search(r'^version = "([^"]+)"', (CHECKOUT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None, "a version"
    return found[1]


def packed_versions() -> dict[str, str]:
    """The libraries that are packed with us, by name."""
    return {name: version_of(name) for name in PACKED_WITH_US}


def package_version(epoch_s: int) -> str:
    """The product's version and, so that a later commit's package is newer, the commit's time."""
    return f"{product_version()}+{epoch_s}"


def make_package(target: Path, work: Path, *, commit: str, epoch_s: int) -> Path:
    """Write the package of `commit` into the folder `target`; its path. `work` is an empty folder."""
    lay_out(work, commit)
    (work / "DEBIAN").mkdir()
    control = _CONTROL.format(name=NAME, version=package_version(epoch_s), needs=", ".join(NEEDS))
    (work / "DEBIAN" / "control").write_text(control)
    for path in [work, *work.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.utime(path, (epoch_s, epoch_s))
    made = target / f"{NAME}_{package_version(epoch_s)}_all.deb"
    subprocess.run(
        ("dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(work), str(made)),
        check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)},
    )  # fmt: skip
    return made


def lay_out(root: Path, commit: str) -> None:
    """Lay what is in the package below `root`, as the commit has it: what is open in the checkout is on no card."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    packed = subprocess.run(
        ("git", "-C", str(CHECKOUT), "archive", commit, "LICENSE", *PRODUCT, str(_SERVICES)),
        capture_output=True,
        check=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        # Debian 12's Python has no filters yet, and git packs nothing strange.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(folder)  # noqa: S202 -- packed by git
    shutil.copytree(folder / _SERVICES, root, dirs_exist_ok=True)
    shutil.rmtree(folder / _SERVICES.parts[0])
    kept = {name: (folder / name).read_bytes() for name in KEPT_OF_THOSE}
    for name in NOT_ON_THE_CARD:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name, content in kept.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)
    for path in sorted(folder.rglob("*.md")):
        path.unlink()
    for name in PACKED_WITH_US:
        found = find_spec(name)
        assert found is not None, "in the lock"
        assert found.submodule_search_locations, "a package"
        source = Path(found.submodule_search_locations[0])
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def commit_of(name: str) -> str:
    """The commit that git knows by `name`, as HEAD. Raises: PartMissing."""
    line = ("git", "-C", str(CHECKOUT), "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PartMissing(f"{name} is no commit of this checkout")
    return done.stdout.strip()
