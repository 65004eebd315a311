"""`sofreh-central verify FILE` agrees with the corpus on every file, needs no center and no private key, and says so by its status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sync.central.errors import StoreFailed, WrongInput
from sync.central.reports.inspection import inspect
from sync.wire.verifiable import Finding
from tests.vectors import corpus, samples

if TYPE_CHECKING:
    from pathlib import Path

ROOT = samples.ROOT.public.hex()
ROWS = corpus.read_manifest()["files"]
COMMAND = (sys.executable, "-c", "from sync.central.command import main; main()")


def found(*given: str | Path, root: str | None = None, keys: Path = corpus.KEYS) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = inspect([str(one) for one in given], root=root, keys=keys).data["files"]
    return files


def verify(tmp_path: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    line = [*COMMAND, "--center", str(tmp_path), "verify", *map(str, words)]
    return subprocess.run(line, check=False, capture_output=True, text=True, cwd=tmp_path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_file_of_the_corpus_is_found_as_its_manifest_says(row: dict[str, str]) -> None:
    path = corpus.FOLDER / row["file"]
    result = inspect([str(path)], root=None, keys=corpus.KEYS)
    (one,) = result.data["files"]
    assert (one["finding"], one["where"]) == (row["expected"], row["where"])
    assert result.ok == (row["expected"] == "proven")
    assert result.lines[0].startswith(f"{path}: {'PROVEN' if result.ok else 'NOT PROVEN'}, ")
    assert row["where"] in result.lines[0]


def test_one_bad_file_among_good_ones_is_named_and_fails_the_whole() -> None:
    names = ("journal-short.bin", "journal-gap.bin", "card-good.txt")
    result = inspect([str(corpus.FOLDER / name) for name in names], root=None, keys=corpus.KEYS)
    assert [one["finding"] for one in result.data["files"]] == ["proven", "gap", "proven"]
    assert not result.ok


def test_the_text_of_a_qr_may_stand_in_place_of_a_file() -> None:
    text = (corpus.FOLDER / "receipt-lines.txt").read_text()
    (one,) = found(text)
    assert (one["file"], one["finding"]) == (f"{text[:12]}...", "proven")
    assert found("R1:\udcff")[0]["finding"] == "malformed"


def test_the_root_s_key_alone_proves_a_file_that_brings_its_delegations(tmp_path: Path) -> None:
    given = (corpus.FOLDER / "journal-short.bin", corpus.FOLDER / "receipt-lines.txt")
    assert [one["finding"] for one in found(*given, root=ROOT, keys=tmp_path / "none")] == [
        "proven",
        "not_delegated",
    ]


def test_the_keys_of_another_root_are_left_alone() -> None:
    other = samples.SeedKey("another root").public.hex()
    (one,) = found(corpus.FOLDER / "card-good.txt", root=other)
    assert one["finding"] == Finding.NOT_DELEGATED


@pytest.mark.parametrize("root", ["", "zz", ROOT[:-2], ROOT + "00"])
def test_a_root_that_is_no_key_is_refused(root: str) -> None:
    with pytest.raises(WrongInput, match="--root"):
        found("R1:", root=root)


def test_keys_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"root\.public"):
        found("R1:", keys=tmp_path)
    (tmp_path / "root.public").write_bytes(bytes(31))
    with pytest.raises(WrongInput, match=r"root\.public"):
        found("R1:", keys=tmp_path)


def test_what_cannot_be_read_is_not_proven_and_the_others_are_still_looked_at(tmp_path: Path) -> None:
    files = found(tmp_path / "none", tmp_path, "/dev/zero", corpus.FOLDER / "card-good.txt")
    assert [one["finding"] for one in files] == ["unreadable"] * 3 + ["proven"]
    assert files[2]["why"] == "is not a file"


def test_the_command_needs_no_center_and_tells_by_its_status(tmp_path: Path) -> None:
    good, bad = corpus.FOLDER / "receipt-lines.txt", corpus.FOLDER / "receipt-expired.txt"
    shutil.copytree(corpus.KEYS, tmp_path / "keys")
    proven = verify(tmp_path, good)
    assert (proven.returncode, proven.stderr) == (0, "")
    assert proven.stdout.startswith(f"{good}: PROVEN, receipt\n")
    refused = verify(tmp_path, "--keys", corpus.KEYS, "--json", good, bad)
    assert refused.returncode == 1
    assert [one["finding"] for one in json.loads(refused.stdout)["files"]] == ["proven", "expired"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys"]


def test_the_command_says_in_one_line_that_it_has_no_key(tmp_path: Path) -> None:
    done = verify(tmp_path, corpus.FOLDER / "card-good.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "root.public" in done.stderr
