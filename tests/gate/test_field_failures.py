"""The failures of the field that the suite claims to hold are named, sourced and listed."""

from __future__ import annotations

import re

from tests.gate.field_failures import TABLE, calls, held, marks, table
from tests.gate.tree import ROOT, python_files

NAMED_MIN = 25
THREAD = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+#[1-9][0-9]*"
PAGE = r"https?://[^\s<>|]+"


def test_marks_are_read_from_tests_of_every_kind() -> None:
    text = "@field_failure('swapped', 'a/b#1', 'c/d#2')\n@other\nasync def test_x() -> None: ...\ndef test_y(): ..."
    assert [(one.name, one.sources, one.test) for one in marks(text, "p")] == [
        ("swapped", ("a/b#1", "c/d#2"), "test_x")
    ]


def test_as_many_failures_are_named_as_were_promised() -> None:
    assert len(held()) >= NAMED_MIN


def test_a_failure_is_named_by_one_test_only() -> None:
    names = [one.name for one in held()]
    assert sorted(names) == sorted(set(names))


def test_every_failure_says_where_it_was_reported() -> None:
    assert [one.name for one in held() if not one.sources] == []
    sources = [source for one in held() for source in one.sources]
    assert [source for source in sources if not re.fullmatch(f"{THREAD}|{PAGE}", source)] == []


def test_a_mark_stands_above_a_test() -> None:
    written = sum(calls((ROOT / path).read_text()) for path in python_files("tests", "image-build"))
    assert written == len(held())


def test_the_table_is_what_the_marks_say() -> None:
    assert TABLE.read_text() == table(), "run: python -m tests.gate.readme_blocks"
