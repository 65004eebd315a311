"""Packages of a Debian release for another architecture, fetched and unpacked without running anything of them.

Rules: the mirror is the machine's own, as apt knows it, or LAB_MIRROR; signatures are checked with the machine's Debian
keyring; neither root nor an emulator is needed; the machine's own apt lists and packages are not touched.

Source: apt.conf(5), apt-get(8) indextargets, dpkg-deb(1).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

RELEASE = "trixie"
ARCHITECTURE = "arm64"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_CONF = """\
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
Dir::Cache::archives "{folder}/archives";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
"""


class LabMissing(Exception):
    """Something that the lab needs is not on this machine; says what, and how to have it."""


class Archive:
    """The release's packages, downloaded into `folder`. Raises: LabMissing, from each method."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("state/lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {RELEASE} main\n")
        (folder / "apt.conf").write_text(_CONF.format(architecture=ARCHITECTURE, folder=folder))
        self._apt("apt-get", "-qq", "update")

    def fetch(self, *names: str) -> list[Path]:
        """Download packages with all that they depend on; the files."""
        before = set(self._debs())
        self._apt("apt-get", "-qq", "--yes", "--download-only", "install", *names)
        return sorted(set(self._debs()) - before)

    def fetch_alone(self, name: str) -> Path:
        """Download what the metapackage `name` names first, without what that depends on."""
        lines = self._apt("apt-cache", "depends", "--no-recommends", "--no-suggests", name).splitlines()
        wanted = next(line.split()[1] for line in lines if line.strip().startswith("Depends:"))
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
            raise LabMissing(f"Debian's packages could not be fetched: {done.stderr.strip()[-500:]}")
        return done.stdout


def mirror() -> str:
    """The address of a Debian mirror. Raises: LabMissing."""
    if given := os.environ.get("LAB_MIRROR"):
        return given
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
    raise LabMissing("No Debian mirror is known to apt here: run `apt-get update`, or name one in LAB_MIRROR")


def unpack(deb: Path, folder: Path) -> None:
    """Lay a package's files below `folder`; its scripts are not run."""
    subprocess.run(("dpkg-deb", "--extract", str(deb), str(folder)), check=True)
