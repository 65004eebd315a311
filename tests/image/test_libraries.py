"""Which libraries a program names, told by ours and by binutils of this machine's own programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from image.libraries import libraries_missing, needed

PROGRAMS = [Path(path).resolve() for name in ("sh", "git") if (path := shutil.which(name))]


@pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils are not installed here")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_ours_says_what_readelf_says(program: Path) -> None:
    line = ("readelf", "--dynamic", "--wide", str(program))
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert needed(program.read_bytes()) == re.findall(r"\(NEEDED\).*\[(.+)\]", said)


def test_a_library_that_is_not_there_is_named_with_who_names_it(tmp_path: Path) -> None:
    program = PROGRAMS[0].read_bytes()
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "program").write_bytes(program)
    assert libraries_missing(tmp_path) == {"usr/program": needed(program)}
    for name in needed(program):
        (tmp_path / name).touch()
    assert libraries_missing(tmp_path) == {}


def test_what_is_no_program_names_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("libc.so.6")
    assert libraries_missing(tmp_path) == {}
