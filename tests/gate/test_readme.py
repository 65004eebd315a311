"""The README says what is true: its tables are those of the code, its files exist, its links lead somewhere."""

from __future__ import annotations

import re
import tomllib

import pytest

from firmware import config
from tests.benchmarks.targets import TARGETS
from tests.gate import figures
from tests.gate.readme_blocks import BLOCKS, README, found
from tests.gate.tree import ROOT


@pytest.mark.parametrize("name", BLOCKS)
def test_a_table_is_what_the_code_says(name: str) -> None:
    assert found(name, README.read_text()) == BLOCKS[name](), "run: python -m tests.gate.readme_blocks"


def test_the_figures_are_those_that_are_measured() -> None:
    assert figures.shown() == [(target.name, target.wanted, target.how) for target in TARGETS]


def test_a_default_is_shown_as_it_is_written_in_the_file() -> None:
    shown = dict(
        re.findall(
            r"^\| `([a-z_.0-9]+)` \| [^|]* \| (?:`([^`]*)`)? \|", BLOCKS["configuration"](), re.MULTILINE
        )
    )
    told = {name: default for name, default in shown.items() if default}
    assert tomllib.loads("\n".join(f'"{name}" = {default}' for name, default in told.items())) == {
        key.name: list(key.default) if isinstance(key.default, tuple) else key.default
        for key in config.KEYS
        if key.default not in (..., None)
    }


def test_every_named_module_and_function_exists() -> None:
    named = re.findall(r"`((?:firmware|drivers|sync)(?:\.[A-Za-z_0-9]+)+)`", README.read_text())
    assert named, "the life of a purchase names its functions"
    for name in named:
        assert _exists(name.split("."), []), name


def _exists(module: list[str], inside: list[str]) -> bool:
    """Whether the words of `module` are a file or package, in which those of `inside` are defined."""
    if not module:
        return False
    path = ROOT.joinpath(*module)
    for source in (path.with_suffix(".py"), path / "__init__.py"):
        if source.exists():
            text = source.read_text()
            return all(re.search(rf"\b(def|class) {word}\b|^{word}\b", text, re.MULTILINE) for word in inside)
    return _exists(module[:-1], [module[-1], *inside])


def test_every_linked_file_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text()):
        assert (ROOT / target).exists(), target


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z]+)`", README.read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
