"""A newcomer must be able to say what the product does from the names alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.gate.tree import ROOT, files, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP_LEVEL = {
    # folders, fixed by the design
    ".ci", "drivers", "firmware", "image-build", "sync", "tests",
    # files
    ".editorconfig", ".gitattributes", ".gitignore", "LICENSE", "Makefile", "README.md", "SECURITY.md",
    "pyproject.toml",
}  # fmt: skip
SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "manager", "base", "core", "misc", "pending"}
LINES_MAX = 400
DEFINITION = re.compile(r"\s*(?:class|(?:async )?def) (\w+)")
DOCSTRING = re.compile(r'(?:#.*\n)*r?"""[^"\s]')


def words(name: str) -> set[str]:
    """The words of a snake_case, kebab-case or CamelCase name."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def definitions() -> Iterator[tuple[str, str]]:
    """Where each class and function is, and its name; but a test's name is a sentence."""
    for path in python_files():
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            defined = DEFINITION.match(line)
            if defined and not defined[1].startswith("test_"):
                yield f"{path}:{number}", defined[1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("spool_manager", {"spool", "manager"}), ("BaseDriver", {"base", "driver"}), ("base45", {"base45"})],
)
def test_a_name_is_read_word_by_word(name: str, expected: set[str]) -> None:
    assert words(name) == expected


def test_nothing_new_stands_at_the_top_level() -> None:
    assert {path.parts[0] for path in files()} <= TOP_LEVEL


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in files() if any(words(part) & SAY_NOTHING for part in path.parts)] == []


def test_no_class_or_function_has_a_name_that_says_nothing() -> None:
    assert [f"{where} {name}" for where, name in definitions() if words(name) & SAY_NOTHING] == []


def test_no_file_is_longer_than_anybody_reads() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in python_files()}
    assert {path: lines for path, lines in lengths.items() if lines > LINES_MAX} == {}


def test_every_module_says_what_it_is_for() -> None:
    telling = [path for path in python_files() if path.name != "__init__.py" or path.parts[0] != "tests"]
    assert [str(path) for path in telling if not DOCSTRING.match((ROOT / path).read_text())] == []
