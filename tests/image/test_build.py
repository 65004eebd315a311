"""What a machine lacks is told at once, with what to do; nothing half made is left."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from image.build import replace_build
from lab.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NO_MIRROR = "http://127.0.0.1:1/debian"


def image(folder: Path, *line: str, order: str = "build", **environment: str) -> tuple[int, str]:
    """Build into `folder`; the exit code, and what is said."""
    target = ("--target", str(folder / "out")) if order == "build" else ()
    done = subprocess.run(
        (sys.executable, "-m", "image", order, *target, *line),
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": "image-build", "IMAGE_CACHE": str(folder / "cache"), **environment},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def made(folder: Path) -> list[Path]:
    return list((folder / "out").rglob("*")) if (folder / "out").is_dir() else []


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    code, said = image(tmp_path, PATH=str(tmp_path))
    assert code == 1
    assert "apt-get install --no-install-recommends" in said
    assert {"squashfs-tools", "mtools", "xz-utils"} <= set(said.split())
    assert made(tmp_path) == []


@pytest.mark.parametrize("order", ["build", "fetch"])
def test_without_a_network_it_says_what_it_would_fetch(tmp_path: Path, order: str) -> None:
    once = tmp_path / "apt.conf"
    once.write_text('Acquire::Retries "0";\n')
    code, said = image(tmp_path, order=order, LAB_MIRROR=NO_MIRROR, APT_CONFIG=str(once))
    assert code == 1
    assert "could not be fetched" in said
    assert "LAB_MIRROR" in said
    assert "Traceback" not in said
    assert made(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"no key"])
def test_a_wrong_release_key_is_told_before_anything_is_fetched(
    tmp_path: Path, content: bytes | None
) -> None:
    key = tmp_path / "release.pem"
    if content is not None:
        key.write_bytes(content)
    code, said = image(tmp_path, "--key", str(key), LAB_MIRROR=NO_MIRROR)
    assert (code, "could not be fetched" in said) == (1, False)
    assert said.startswith(f"image: {key} is no release key")
    assert made(tmp_path) == []


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    code, said = image(tmp_path)
    assert code == 1
    assert said.startswith("image: ")
    assert str(tmp_path / "out") in said


def test_a_commit_that_there_is_not_is_named(tmp_path: Path) -> None:
    assert image(tmp_path, "--commit", "nonsense") == (1, "image: nonsense is no commit of this checkout\n")


def test_of_an_older_build_nothing_stays_beside_a_new_one_and_what_is_not_ours_does(tmp_path: Path) -> None:
    new, out = tmp_path / "made", tmp_path / "out"
    new.mkdir()
    out.mkdir()
    for name in (
        "sofreh-0.1.0.img.xz", "sofreh-0.1.0.img.bmap", "sofreh-0.0.9+1.update", "SHA256SUMS", "SHA256SUMS.sig", "packages.lock", "mine",
    ):  # fmt: skip
        (out / name).write_text("old")
    for name in ("sofreh-0.2.0.img", "sofreh-0.2.0+2.update"):
        (new / name).write_text("new")
    replace_build(new, out)
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "mine": "old", "sofreh-0.2.0.img": "new", "sofreh-0.2.0+2.update": "new",
    }  # fmt: skip
