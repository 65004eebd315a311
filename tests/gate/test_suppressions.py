"""A rule that is suppressed somewhere says there why; a skipped test says it to whoever runs it.

| what | how it gives its reason |
| --- | --- |
| `noqa`, `pragma`, `nosec`, `fmt: off`, the like | behind ` -- ` |
| `type: ignore[code]` | in a comment of its own behind it: the type checker takes no other |
| `skip`, `skipif`, `importorskip`, `xfail` | `reason=`, or the first argument of `pytest.skip` |
| `fmt: skip` | needs none: a table stays a table |
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING, TypeGuard

import pytest

from tests.gate.tree import ROOT, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator

SUPPRESSION = re.compile(
    r"#\s*(noqa|type:\s*ignore|pragma:|nosec|fmt:\s*off|(mypy|pylint|pyright|ruff|isort):)", re.IGNORECASE
)
REASON = re.compile(r" -- \w.*\w\w|ignore\[[\w, -]+\]  # (?!noqa)\w.*\w\w")
SKIP = re.compile(r"pytest\.(mark\.)?(skip|skipif|importorskip|xfail)")


def unexplained(source: str) -> Iterator[int]:
    """The lines of a file that suppress or skip without a reason."""
    if SUPPRESSION.search(source):
        yield from _comments(source)
    if SKIP.search(source):
        yield from _skips(ast.parse(source))


def _comments(source: str) -> Iterator[int]:
    for kind, text, (line, _), _, _ in tokenize.generate_tokens(io.StringIO(source).readline):
        if kind == tokenize.COMMENT and SUPPRESSION.search(text) and not REASON.search(text):
            yield line


def _skips(tree: ast.AST) -> Iterator[int]:
    nodes = list(ast.walk(tree))
    told = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _has_reason(node)}
    yield from (node.lineno for node in nodes if _is_skip(node) and id(node) not in told)


def _is_skip(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and SKIP.fullmatch(ast.unparse(node)) is not None


def _has_reason(call: ast.Call) -> bool:
    is_pytest_skip = ast.unparse(call.func) == "pytest.skip"
    return bool(is_pytest_skip and call.args) or any(word.arg == "reason" for word in call.keywords)


@pytest.mark.parametrize(
    ("line", "is_explained"),
    [
        ("import x  # noqa: F401", False),
        ("import x  # noqa: F401 --", False),
        ("import x  # noqa: F401 - one dash", False),
        ("import x  # noqa: F401 -- it registers itself", True),
        ("x = 1  # fmt: skip", True),
        ("x = 1  # fmt: skip  # noqa: S608", False),
        ("x = 1  # fmt: skip  # noqa: S608 -- our words", True),
        ("x = y()  # type: ignore[misc]", False),
        ("x = y()  # type: ignore[misc]  # it says nothing of its types", True),
        ("x = y()  # type: ignore[misc]  # noqa: F401", False),
        ("# fmt: off", False),
        ("x = '# noqa: F401'", True),
        ("pytest.skip()", False),
        ("pytest.skip('no cable')", True),
        ("x = [pytest.mark.skip]", False),
        ("x = pytest.mark.skipif(True)", False),
        ("x = pytest.mark.skipif(True, reason='no openssl')", True),
        ("x = pytest.importorskip('evdev')", False),
        ("x = pytest.mark.xfail(reason='upstream')", True),
        ("x = roles.skip()", True),
    ],
)
def test_a_reason_is_seen_where_there_is_one(line: str, *, is_explained: bool) -> None:
    assert list(unexplained(line + "\n")) == ([] if is_explained else [1])


def test_whatever_is_suppressed_or_skipped_says_why() -> None:
    sources = {path: (ROOT / path).read_text() for path in python_files()}
    assert [f"{path}:{line}" for path, source in sources.items() for line in unexplained(source)] == []
