"""Our own package, made twice; and the steps of a build that cost little."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from debian.archive import PartMissing
from image import code, disk, signing, starting
from image.bill import bill
from image.code import commit_of, make_package
from image.lock import listed, read_lock

if TYPE_CHECKING:
    from pathlib import Path

EPOCH_S = 1_790_000_000


@pytest.fixture(scope="module")
def commit() -> str:
    return commit_of("HEAD")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, commit: str) -> Path:
    return make_package(
        tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("first"), commit=commit, epoch_s=EPOCH_S
    )


def in_it(package: Path) -> dict[str, str]:
    """Each file of the package with its mode and owner."""
    said = subprocess.run(("dpkg-deb", "-c", str(package)), capture_output=True, text=True, check=True).stdout
    return {line.split()[5].removeprefix("./"): " ".join(line.split()[:2]) for line in said.splitlines()}


def test_the_same_commit_makes_the_same_package(package: Path, commit: str, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    again = make_package(tmp_path, tmp_path / "work", commit=commit, epoch_s=EPOCH_S)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()


def test_a_later_commit_makes_a_newer_package(package: Path, commit: str, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    later = make_package(tmp_path, tmp_path / "work", commit=commit, epoch_s=EPOCH_S + 1)
    versions = [path.name.split("_")[1] for path in (package, later)]
    assert (
        subprocess.run(("dpkg", "--compare-versions", versions[0], "lt", versions[1]), check=False).returncode
        == 0
    )


def test_it_has_the_appliance_its_font_and_its_calendar_in_a_folder_of_its_own(package: Path) -> None:
    files = in_it(package)
    for name in (
        "firmware/main.py",
        "drivers/fonts/Vazirmatn-Bold.ttf",
        "persiantools/jdatetime.py",
        "sync/wire/entry.py",
    ):
        assert f"{code.FOLDER}/{name}" in files
    assert not [name for name in files if "site-packages" in name or "dist-packages" in name]
    assert files["usr/bin/sofreh-till"] == "-rwxr-xr-x root/root"


def test_it_has_neither_the_center_nor_the_simulation(package: Path) -> None:
    for left_out in code.NOT_ON_THE_CARD:
        there = {name for name in in_it(package) if name.startswith(f"{code.FOLDER}/{left_out}/")}
        assert {name for name in there if not name.endswith("/")} <= {
            f"{code.FOLDER}/{name}" for name in code.KEPT_OF_THOSE
        }


def test_it_has_the_inspectors_page(package: Path) -> None:
    assert {f"{code.FOLDER}/{name}" for name in code.KEPT_OF_THOSE} <= set(in_it(package))


def test_the_appliance_imports_nothing_that_is_left_out(package: Path, tmp_path: Path) -> None:
    subprocess.run(("dpkg-deb", "-x", str(package), str(tmp_path)), check=True)
    left_out = tuple(name.replace("/", ".") for name in code.NOT_ON_THE_CARD)
    sources = list((tmp_path / code.FOLDER).rglob("*.py"))
    assert sources
    for path in sources:
        for line in path.read_text().splitlines():
            if line.startswith(("import ", "from ")):
                assert not line.split()[1].startswith(left_out), f"{path}: {line}"


def test_what_it_needs_is_on_the_card() -> None:
    assert set(code.NEEDS) <= set(listed("packages.txt"))


def test_the_bill_names_every_package_with_its_hash() -> None:
    lock = read_lock()
    made = json.loads(
        bill(lock.card, code.packed_versions(), version="1", root_sha256="00" * 32, epoch_s=EPOCH_S)
    )
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    listed_hashes = {part["hashes"][0]["content"] for part in made["components"] if "hashes" in part}
    assert listed_hashes == {package.sha256 for package in lock.card}
    references = [part["bom-ref"] for part in made["components"]]
    assert len(set(references)) == len(references)
    assert any(
        part["purl"].startswith("pkg:pypi/persiantools@") for part in made["components"] if "purl" in part
    )


def test_anybody_can_check_the_signature_with_openssl(tmp_path: Path) -> None:
    (tmp_path / "card.img.xz").write_bytes(b"card")
    signing.list_hashes(tmp_path)
    signing.make_key(tmp_path / "release.pem")
    signing.sign(tmp_path, signing.read_key(tmp_path / "release.pem"))
    subprocess.run(("sha256sum", "--check", signing.SUMS), cwd=tmp_path, check=True, capture_output=True)
    line = (
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "release.pub", "-rawin", "-in", signing.SUMS,
        "-sigfile", signing.SIGNATURE,
    )  # fmt: skip
    subprocess.run(line, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / signing.SUMS).write_text("another")
    assert subprocess.run(line, cwd=tmp_path, check=False, capture_output=True).returncode != 0


def test_a_release_key_is_its_owners_and_never_replaced(tmp_path: Path) -> None:
    signing.make_key(tmp_path / "release.pem")
    assert (tmp_path / "release.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(PartMissing, match="is there already"):
        signing.make_key(tmp_path / "release.pem")


@pytest.mark.parametrize("content", [b"", b"no key"])
def test_what_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong.pem").write_bytes(content)
    with pytest.raises(PartMissing, match=r"wrong\.pem"):
        signing.read_key(tmp_path / "wrong.pem")


@pytest.mark.skipif(shutil.which("mformat") is None, reason="mtools is not installed here")
def test_a_boot_partition_is_the_same_each_time_and_holds_its_files(tmp_path: Path) -> None:
    files = {"config.txt": b"arm_64bit=1\n", "kernel.img": bytes(range(256)) * 4096}
    for name in ("one", "two"):
        (tmp_path / f"{name}-work").mkdir()
        starting.make_vfat(
            tmp_path / name, files, tmp_path / f"{name}-work", mebibytes=64, label="SOFREH-A", epoch_s=EPOCH_S
        )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    line = ("mcopy", "-n", "-i", str(tmp_path / "one"), "::kernel.img", str(tmp_path / "read"))
    subprocess.run(line, check=True, capture_output=True)
    assert (tmp_path / "read").read_bytes() == files["kernel.img"]


def test_a_commit_that_is_none_is_named() -> None:
    with pytest.raises(PartMissing, match="no-such-thing is no commit"):
        commit_of("no-such-thing")


def test_the_kernel_is_told_the_cards_number_and_no_key_of_it_works() -> None:
    line = starting.kernel_line().split()
    assert line[0] == f"sofreh.disk={disk.CARD_NUMBER:08x}"
    assert {"sysctl.kernel.sysrq=0", "usbcore.authorized_default=0"} <= set(line)
