"""`sofreh-central import`, `export` and `rekey` as people type them: a sentence for each file or line, and an exit status."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.sync.central.doors.test_serving import COMMAND, Served

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Served:
    made = Served(tmp_path_factory.mktemp("served"))
    assert (
        subprocess.run([*COMMAND, "init", str(made.path)], check=False, capture_output=True).returncode == 0
    )
    return made


def test_a_stick_without_a_question_is_one_sentence_and_exit_1(center: Served, tmp_path: Path) -> None:
    done = center.call("import", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"sofreh-central: {tmp_path}: holds no question of a device (S<device>.Q<number>)\n"


def test_a_file_that_is_none_is_named_and_exit_1(center: Served, tmp_path: Path) -> None:
    (tmp_path / "S1001.Q01").write_bytes(b"")
    with center.serving():
        done = center.call("import", tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("S1001.Q01: is not whole, or no such file: file")
    assert done.stderr == "reading S1001.Q01\n"


def test_an_export_for_nobody_says_so(center: Served, tmp_path: Path) -> None:
    done = center.call("export", tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        f"{tmp_path}: no device has mail waiting: nothing to write\n",
    )
    done = center.call("export", tmp_path, "1001")
    assert (done.returncode, done.stdout) == (1, "")
    assert "1001" in done.stderr


def test_an_export_into_no_folder_is_refused_though_nothing_waits(center: Served, tmp_path: Path) -> None:
    done = center.call("export", tmp_path / "none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"sofreh-central: export: {tmp_path}/none: No such file or directory\n"


def test_receipts_are_scanned_from_files_and_from_standard_input(center: Served, tmp_path: Path) -> None:
    scanned = tmp_path / "scans.txt"
    scanned.write_text("R1:ABC\n")
    line = [*COMMAND, "--clock", str(center.clock), "--center", str(center.path), "rekey", "-", str(scanned)]
    done = subprocess.run(line, input="hello\n", check=False, capture_output=True, text=True)
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first == "line 1: proves nothing: receipt: does not begin with R1:"
    assert second.startswith(f"{scanned}, line 1: proves nothing: receipt: ")
