"""A country with one till that has allowances, made once and copied for each story."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.countryside import Countryside, Till, round_trip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country with one till, which has allowances: their mail came by stick."""
    folder = tmp_path_factory.mktemp("country")
    made = Countryside.founded(folder)
    till = made.till()
    till.visit()
    made.lab.order("allot")
    round_trip(made, till)
    made.close()
    return folder


@pytest.fixture
def country(founded: Path, tmp_path: Path) -> Iterator[Countryside]:
    shutil.copytree(founded, tmp_path / "country")
    made = Countryside(tmp_path / "country", tills=1)
    yield made
    made.close()


@pytest.fixture
def till(country: Countryside) -> Till:
    return country.tills[0]
