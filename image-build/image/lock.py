"""The lock: exactly which packages the card is made of.

Rules: `packages.lock` is made from `packages.txt` and `left_out.txt` and committed; a build takes what the lock says or ends;
making a new one is an act of its own, seen in a commit. Security updates come with a new lock.

| column | meaning |
| --- | --- |
| name, version, architecture | as in Debian's archive |
| sha256 | of the package's file, which Debian's signed index named when the lock was made |
| place | `debian` or `security`, and the path there |
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from debian.archive import Archive, PartMissing, download, mirror, security_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from debian.archive import Found

HERE = Path(__file__).parent
LOCK_FILE = HERE / "packages.lock"
KERNEL = "linux-image-arm64"
BUILDER = "amd64"
"""Where Python's own compiler runs that makes the byte code; on arm64 the card's own Python does."""
PYTHON_PARTS = (
    "libc6", "libexpat1", "libpython3.13-minimal", "libpython3.13-stdlib", "python3.13-minimal", "zlib1g",
)  # fmt: skip
AT_A_TIME = 16
"""How many packages one run of apt fetches: what it has fetched is kept if a later one fails."""
COMPONENTS = ("main", "non-free-firmware")
_HEAD = "# Made by `python -m image lock`. name version architecture sha256 place\n"
_DEBIAN, _SECURITY = "debian", "security"


class Locked(NamedTuple):
    """One package."""

    name: str
    version: str
    architecture: str
    sha256: str
    place: str

    @property
    def file_name(self) -> str:
        """How it is kept."""
        return f"{self.name}_{self.version.replace(':', '%3a')}_{self.architecture}_{self.sha256[:12]}.deb"

    @property
    def is_kernel(self) -> bool:
        """Whether it is the kernel itself, whose name bears its version."""
        return self.name.startswith("linux-image-")


class Lock(NamedTuple):
    """The packages of the card, and those that only help to build it."""

    card: tuple[Locked, ...]
    builder: tuple[Locked, ...]

    def text(self) -> str:
        """As it is committed."""
        return _HEAD + "".join(" ".join(package) + "\n" for package in (*self.card, *self.builder))


def read_lock(path: Path = LOCK_FILE) -> Lock:
    """The lock in the file `path`. Raises: PartMissing, naming the line."""
    packages = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        columns = line.split()
        if len(columns) != len(Locked._fields) or len(columns[3]) != 64:
            raise PartMissing(f"{path}: line {number} is not `{' '.join(Locked._fields)}`")
        packages.append(Locked(*columns))
    return Lock(
        tuple(package for package in packages if package.architecture != BUILDER),
        tuple(package for package in packages if package.architecture == BUILDER),
    )


def new_lock(folder: Path) -> Lock:
    """What `packages.txt` means at the mirror today. Raises: PartMissing."""
    archive = Archive(folder / "card", components=COMPONENTS, with_updates=True)
    found = {package.name: package for package in archive.resolved(*listed("packages.txt"))}
    left_out = listed("left_out.txt")
    if needless := [name for name in left_out if name not in found]:
        raise PartMissing(f"left_out.txt: nothing depends on {', '.join(needless)}")
    card = [package for name, package in found.items() if name not in left_out]
    card.append(archive.alone(archive.named_first(KERNEL)))
    builder = Archive(folder / "builder", architecture=BUILDER, with_updates=True)
    return Lock(_locked(card), _locked(builder.alone(name) for name in PYTHON_PARTS))


def listed(name: str) -> list[str]:
    """The lines of a list beside this file, without comments."""
    lines = (HERE / name).read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def machine() -> str:
    """The architecture of this machine, as Debian names it."""
    line = ("dpkg", "--print-architecture")
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


def fetch(packages: Sequence[Locked], cache: Path, say: Callable[[str], None]) -> dict[Locked, Path]:
    """The packages' files, taken from the folder `cache` or fetched into it.

    Raises: PartMissing; a package that was replaced at the mirror is named.
    """
    cache.mkdir(parents=True, exist_ok=True)
    files = {package: cache / package.file_name for package in packages}
    missing = [package for package in packages if not files[package].exists()]
    if not missing:
        return files
    try:
        for at in range(0, len(missing), AT_A_TIME):
            say(f"fetching {len(missing) - at} of Debian's packages")
            some = missing[at : at + AT_A_TIME]
            download((_address(package), files[package], package.sha256) for package in some)
    except PartMissing as error:
        raise PartMissing(
            f"{error}\nThe image needs a Debian mirror once, for {len(missing)} packages that {cache} does not hold. Without a network"
            " it cannot be made; if only this mirror does not answer, name another one in LAB_MIRROR; if Debian has newer packages,"
            " `python -m image lock` renews the lock"
        ) from None
    return files


def _address(package: Locked) -> str:
    place, _, path = package.place.partition(":")
    return {_DEBIAN: mirror(), _SECURITY: security_of(mirror())}[place].rstrip("/") + f"/{path}"


def _locked(packages: Iterable[Found]) -> tuple[Locked, ...]:
    return tuple(
        Locked(found.name, found.version, found.architecture, found.sha256, _place(found.uri))
        for found in sorted(packages)
    )


def _place(uri: str) -> str:
    for name, address in ((_SECURITY, security_of(mirror())), (_DEBIAN, mirror())):
        if uri.startswith(address):
            return f"{name}:{uri.removeprefix(address).lstrip('/')}"
    raise PartMissing(f"{uri} is at no mirror that is known here")
