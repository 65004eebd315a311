"""Which failures of the field have a test, read from the marks; `python -m tests.gate.readme_blocks` writes the table.

The marks are read without importing a test: `@field_failure("name", "source", ...)` above a test function.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from tests.gate.tree import ROOT, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = ROOT / "tests" / "FIELD_FAILURES.md"
MARK = "field_failure"
HEAD = """\
# Failures from the field

What tills, scanners, keypads, printers, journals and links did elsewhere, as others have reported it, and the test that
would fail if this till did the same. Made by `python -m tests.gate.readme_blocks` from the marks of the tests.
"""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A failure with the test that names it."""

    name: str
    sources: tuple[str, ...]
    path: str
    test: str


@cache
def held() -> tuple[Held, ...]:
    """Every mark of the suite, by path and place in the file."""
    return tuple(
        one
        for path in python_files("tests", "image-build")
        for one in marks((ROOT / path).read_text(), str(path))
    )


def marks(source: str, path: str) -> Iterator[Held]:
    """The marks in the text of one file."""
    if MARK not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for call in filter(_is_mark, node.decorator_list):
                name, *sources = (ast.literal_eval(word) for word in call.args)
                yield Held(name=name, sources=tuple(sources), path=path, test=node.name)


def calls(source: str) -> int:
    """How many marks are written in a file, wherever they stand."""
    return MARK in source and sum(_is_mark(node) for node in ast.walk(ast.parse(source)))


def table() -> str:
    """The whole text of the table."""
    rows = [
        f"| {one.name} | {', '.join(map(_link, one.sources))} | `{one.path}::{one.test}` |" for one in held()
    ]
    columns = "| what happened there | reported in | held here by |"
    return "\n".join([f"{HEAD}{len(rows)} failures are held.\n", columns, "| --- | --- | --- |", *rows, ""])


def _is_mark(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == MARK


def _link(source: str) -> str:
    repository, _, number = source.partition("#")
    return (
        f"<{source}>" if "://" in source else f"[{source}](https://github.com/{repository}/issues/{number})"
    )
