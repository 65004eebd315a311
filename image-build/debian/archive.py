"""Packages of a Debian release for another architecture, fetched and unpacked without running anything of them.

Rules: the mirror is the machine's own, as apt knows it, or LAB_MIRROR; signatures are checked with the machine's Debian
keyring; neither root nor an emulator is needed; the machine's own apt lists and packages are not touched.

Source: apt.conf(5), apt-get(8) indextargets and --print-uris, dpkg-deb(1).
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

RELEASE = "trixie"
ARCHITECTURE = "arm64"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_HELPER = "/usr/lib/apt/apt-helper"

_CONF = """\
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::ForceHash "SHA256";
Acquire::Retries "3";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
Dir::Cache::archives "{folder}/archives";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
"""
_URI_LINE = re.compile(r"'(?P<uri>[^']+)' (?P<file>\S+) \d+ SHA256:(?P<sha256>[0-9a-f]{64})")


class PartMissing(Exception):
    """Something that is needed is not on this machine or not at the mirror; says what, and how to have it."""


class Found(NamedTuple):
    """A package as the release has it now."""

    name: str
    version: str
    architecture: str
    sha256: str
    uri: str


class Archive:
    """The release's packages, downloaded into `folder`. Raises: PartMissing, from each method."""

    def __init__(
        self,
        folder: Path,
        *,
        architecture: str = ARCHITECTURE,
        components: tuple[str, ...] = ("main",),
        with_updates: bool = False,
    ) -> None:
        self._folder = folder
        for name in ("state/lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(_sources(components, with_updates=with_updates))
        (folder / "apt.conf").write_text(_CONF.format(architecture=architecture, folder=folder))
        self._apt("apt-get", "-qq", "update")

    def fetch(self, *names: str) -> list[Path]:
        """Download packages with all that they depend on; the files."""
        before = set(self._debs())
        self._apt("apt-get", "-qq", "--yes", "--download-only", "install", *names)
        return sorted(set(self._debs()) - before)

    def resolved(self, *names: str) -> list[Found]:
        """The packages and all that they depend on, by name; nothing is downloaded."""
        said = self._apt("apt-get", "-qq", "--yes", "--print-uris", "install", *names)
        return sorted(_found(line) for line in said.splitlines() if line.startswith("'"))

    def named_first(self, name: str) -> str:
        """What the metapackage `name` names first."""
        lines = self._apt("apt-cache", "depends", "--no-recommends", "--no-suggests", name).splitlines()
        return next(line.split()[1] for line in lines if line.strip().startswith("Depends:"))

    def alone(self, name: str) -> Found:
        """The package `name` without what it depends on."""
        return _found(self._apt("apt-get", "-qq", "--print-uris", "download", name).splitlines()[-1])

    def fetch_alone(self, name: str) -> Path:
        """Download what the metapackage `name` names first, without what that depends on."""
        wanted = self.named_first(name)
        self._apt("apt-get", "-qq", "download", wanted, folder=self._folder / "archives")
        return next(path for path in self._debs() if path.name.startswith(f"{wanted}_"))

    def _debs(self) -> list[Path]:
        return list((self._folder / "archives").glob("*.deb"))

    def _apt(self, *line: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            line, env={**os.environ, "APT_CONFIG": str(self._folder / "apt.conf"), "LC_ALL": "C"},
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise PartMissing(f"Debian's packages could not be fetched: {done.stderr.strip()[-500:]}")
        return done.stdout


def _sources(components: tuple[str, ...], *, with_updates: bool) -> str:
    address, wanted = mirror(), " ".join(components)
    places = [(address, RELEASE)]
    if with_updates:
        places += [(address, f"{RELEASE}-updates"), (security_of(address), f"{RELEASE}-security")]
    return "".join(f"deb [signed-by={KEYRING}] {place} {suite} {wanted}\n" for place, suite in places)


def _found(line: str) -> Found:
    match = _URI_LINE.match(line)
    if match is None:
        raise PartMissing(f"apt named a package in a way that is not understood: {line}")
    name, version, rest = unquote(match["file"]).split("_")
    return Found(name, version, rest.removesuffix(".deb"), match["sha256"], match["uri"])


def mirror() -> str:
    """The address of a Debian mirror. Raises: PartMissing."""
    return os.environ.get("LAB_MIRROR") or _mirror_of_apt()


@functools.cache
def _mirror_of_apt() -> str:
    """The one that this machine's apt knows, who takes a second to say so. Raises: PartMissing."""
    line = (
        "apt-get",
        "indextargets",
        "--format",
        "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)",
        "Created-By: Packages",
    )
    targets = subprocess.run(line, capture_output=True, text=True, check=False).stdout.splitlines()
    for target in targets:
        origin, label, component, address = target.split("|")
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return address
    raise PartMissing(
        "No Debian mirror is known to apt here: run `apt-get update`, or name one in LAB_MIRROR"
    )


def security_of(address: str) -> str:
    """Where a mirror has the security updates: beside the release, as Debian's own mirrors have them."""
    return f"{address.rstrip('/')}-security/"


def download(wanted: Iterable[tuple[str, Path, str]]) -> None:
    """Fetch files, each an address, a path and a SHA-256, with apt's own transports in one run.

    A file is at its path only if its hash is right. Raises: PartMissing.
    """
    drafts = [(uri, target.with_suffix(".draft"), sha256) for uri, target, sha256 in wanted]
    line = [word for uri, draft, sha256 in drafts for word in (uri, str(draft), f"SHA256:{sha256}")]
    done = subprocess.run(
        (APT_HELPER, "download-file", *line),
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode:
        for _, draft, _ in drafts:
            draft.unlink(missing_ok=True)
        said = (done.stderr or done.stdout).strip()
        raise PartMissing(f"Debian's packages could not be fetched: {said.partition(chr(10))[0][-500:]}")
    for _, draft, _ in drafts:
        draft.rename(draft.with_suffix(".deb"))


def unpack(deb: Path, folder: Path) -> None:
    """Lay a package's files below `folder`; its scripts are not run."""
    subprocess.run(("dpkg-deb", "--extract", str(deb), str(folder)), check=True)
