"""The README says what is true: its tables are those of the code, its files exist, its links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.gate.readme_blocks import BLOCKS, README, found
from tests.gate.tree import ROOT


@pytest.mark.parametrize("name", BLOCKS)
def test_a_table_is_what_the_code_says(name: str) -> None:
    assert found(name, README.read_text()) == BLOCKS[name](), "run: python -m tests.gate.readme_blocks"


def test_every_named_function_exists() -> None:
    text = README.read_text()
    named = re.findall(r"`((?:firmware|drivers|sync)(?:\.[a-z_0-9]+)+)\.([A-Za-z_]+(?:\.[a-z_]+)?)`", text)
    assert named, "the life of a purchase names its functions"
    for module, attribute in named:
        source = ROOT / (module.replace(".", "/") + ".py")
        package = ROOT / module.replace(".", "/") / "__init__.py"
        assert source.exists() or package.exists(), module
        words = attribute.split(".")
        content = (source if source.exists() else package).read_text()
        for word in words:
            assert re.search(rf"\b(def|class) {word}\b|^{word}\b", content, re.MULTILINE), (
                f"{module}.{attribute}"
            )


def test_every_linked_file_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text()):
        assert (ROOT / target).exists(), target


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z]+)`", README.read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
