"""Lines that a keyboard scanner typed, from files and from standard input."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from sync.central.errors import WrongInput
from sync.central.receipts import scans

if TYPE_CHECKING:
    from pathlib import Path


def test_each_line_that_is_not_empty_is_a_scan_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "receipts.txt"
    path.write_bytes(b"R1:ABC\r\n\n  R1:DEF  \n\xff\n")
    assert scans.read_scans([str(path)]) == [
        [f"{path}, line 1", "R1:ABC"], [f"{path}, line 3", "R1:DEF"], [f"{path}, line 4", "\ufffd"],
    ]  # fmt: skip


def test_a_scanner_may_type_straight_into_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "more.txt"
    path.write_text("R1:LATER\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("R1:ABC\nR1:DEF"))
    assert scans.read_scans(["-", str(path)]) == [
        ["line 1", "R1:ABC"], ["line 2", "R1:DEF"], [f"{path}, line 1", "R1:LATER"],
    ]  # fmt: skip


def test_a_byte_order_mark_is_no_part_of_the_first_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "notepad.txt"
    path.write_bytes(b"\xef\xbb\xbfR1:ABC\r\n\r\nR1:DEF\r\n\r\n")
    seen = [text for _, text in scans.read_scans([str(path)])]
    assert seen == ["R1:ABC", "R1:DEF"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\ufeffR1:ABC\n"))
    assert scans.read_scans(["-"]) == [["line 1", "R1:ABC"]]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"none\.txt: No such file or directory"):
        scans.read_scans([str(tmp_path / "none.txt")])


@pytest.mark.parametrize("text", ["", "\n", " \r\n\t\r\n"])
def test_a_file_without_a_receipt_is_refused_though_another_holds_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    full, empty = tmp_path / "receipts.txt", tmp_path / "empty.txt"
    full.write_text("R1:ABC\n")
    empty.write_text(text)
    with pytest.raises(WrongInput, match=r"empty\.txt: holds no receipt$"):
        scans.read_scans([str(full), str(empty)])
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    with pytest.raises(WrongInput, match=r"^standard input: holds no receipt$"):
        scans.read_scans(["-"])


@pytest.mark.parametrize(("more", "fails"), [(0, False), (1, True)])
def test_a_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int, fails: bool) -> None:
    monkeypatch.setattr(scans, "FILE_CHARACTERS_MAX", 10)
    path = tmp_path / "receipts.txt"
    path.write_text("x" * (10 + more))
    if fails:
        with pytest.raises(WrongInput, match="has more than 10 characters: split it"):
            scans.read_scans([str(path)])
    else:
        assert len(scans.read_scans([str(path)])) == 1
